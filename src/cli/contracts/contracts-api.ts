import { BYTES_TYPE, JSON_TYPE } from '../../broker/http-message.js';
import type { UnreadableConsumer } from '../../broker/live-consumers.js';
import type { CompatibilityLevel } from '../../contracts/compatibility-level.js';
import { ERRORS } from '../../errors.js';
import type {
  Binding,
  BindRequest,
  CheckResult,
  ContractInfo,
  ContractVersion,
  FrameUse,
  VersionReference,
} from '../../registry/contract-records.js';
import { BrokerApi, type ErrorAnswer, refused, type Sent } from '../http/broker-api.js';

/** A schema to register or to check. */
export interface SchemaOffer {
  readonly bfbs: Uint8Array;
  readonly root?: string | undefined;
  readonly level?: CompatibilityLevel | undefined;
  readonly references: readonly VersionReference[];
}

interface WithConsumers {
  readonly unreadableBy: readonly UnreadableConsumer[];
}

export type CheckAnswer = CheckResult & WithConsumers;

export interface RegisterAnswer extends WithConsumers {
  readonly version: ContractVersion;
  readonly isNew: boolean;
  readonly check: CheckResult;
}

/** Of a schema that its level refuses. */
export interface RefusalAnswer extends WithConsumers {
  readonly code: 'INCOMPATIBLE_SCHEMA';
  readonly message: string;
  readonly check: CheckResult;
}

export interface BindAnswer extends WithConsumers {
  readonly binding: Binding;
}

/** The contracts of a broker. */
export class ContractsApi extends BrokerApi {
  async contracts(): Promise<readonly ContractInfo[]> {
    const { contracts } = await this.json<{ contracts: ContractInfo[] }>('GET', ['contracts']);
    return contracts;
  }

  contract(name: string): Promise<ContractInfo> {
    return this.json('GET', ['contracts', name]);
  }

  version({ contract, version }: VersionReference): Promise<ContractVersion> {
    return this.json('GET', ['contracts', contract, 'versions', version]);
  }

  /** The `.bfbs` of a version. */
  async schema({ contract, version }: VersionReference): Promise<Uint8Array> {
    const query = [['format', 'bfbs']] as const;
    const { body } = await this.ask('GET', ['contracts', contract, 'versions', version], { query });
    return body;
  }

  check(contract: string, offer: SchemaOffer): Promise<CheckAnswer> {
    return this.json('POST', ['contracts', contract, 'check'], offered(offer));
  }

  async register(contract: string, offer: SchemaOffer): Promise<RegisterAnswer | RefusalAnswer> {
    const sent = { ...offered(offer), expected: [ERRORS.INCOMPATIBLE_SCHEMA.httpStatus] };
    const path = ['contracts', contract, 'versions'];
    const answer = await this.json<RegisterAnswer | RefusalAnswer | ErrorAnswer>('POST', path, sent);
    if ('version' in answer || 'check' in answer) return answer;
    throw refused(answer);
  }

  setLevel(contract: string, level: CompatibilityLevel): Promise<ContractInfo> {
    return this.json('PUT', ['contracts', contract, 'level'], json({ level }));
  }

  delete({ contract, version }: VersionReference): Promise<ContractVersion> {
    return this.json('DELETE', ['contracts', contract, 'versions', version]);
  }

  restore({ contract, version }: VersionReference): Promise<ContractVersion> {
    return this.json('POST', ['contracts', contract, 'versions', version, 'restore']);
  }

  bind(binding: BindRequest): Promise<BindAnswer> {
    return this.json('PUT', ['bindings'], json(binding));
  }

  async unbind(pattern: string, use: FrameUse): Promise<Binding> {
    const query = Object.entries({ pattern, use });
    const { binding } = await this.json<{ binding: Binding }>('DELETE', ['bindings'], { query });
    return binding;
  }
}

function offered({ bfbs, root, level, references }: SchemaOffer): Sent {
  const query: [string, string][] = references.map(({ contract, version }) => [
    'reference',
    `${contract}@${version}`,
  ]);
  if (root !== undefined) query.push(['root', root]);
  if (level !== undefined) query.push(['level', level]);
  return { query, body: bfbs, contentType: BYTES_TYPE };
}

function json(value: unknown): Sent {
  return { body: Buffer.from(JSON.stringify(value)), contentType: JSON_TYPE };
}
