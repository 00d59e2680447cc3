import { BYTES_TYPE, JSON_TYPE, mediaType } from '../../broker/http-message.js';
import type { UnreadableConsumer } from '../../broker/live-consumers.js';
import type { CompatibilityLevel } from '../../contracts/compatibility-level.js';
import { ERRORS, type ErrorCode, ModwireError } from '../../errors.js';
import type {
  Binding,
  BindRequest,
  CheckResult,
  ContractInfo,
  ContractVersion,
  FrameUse,
  VersionReference,
} from '../../registry/contract-records.js';
import { call, type HttpAnswer } from './http-call.js';

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

/** The contracts of a broker, over HTTP. Every method rejects as `call` does, and with the error that the broker answers. */
export class ContractsApi {
  readonly #base: URL;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal;

  /** `url` is that of the broker, as clients connect to it: `ws://127.0.0.1:7300`. */
  constructor(url: string, timeoutMs: number, signal: AbortSignal) {
    this.#base = new URL(url);
    this.#base.protocol = this.#base.protocol === 'wss:' ? 'https:' : 'http:';
    this.#base.search = '';
    this.#base.hash = '';
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
  }

  async contracts(): Promise<readonly ContractInfo[]> {
    const { contracts } = await this.#json<{ contracts: ContractInfo[] }>('GET', ['contracts']);
    return contracts;
  }

  contract(name: string): Promise<ContractInfo> {
    return this.#json('GET', ['contracts', name]);
  }

  version({ contract, version }: VersionReference): Promise<ContractVersion> {
    return this.#json('GET', ['contracts', contract, 'versions', version]);
  }

  /** The `.bfbs` of a version. */
  async schema({ contract, version }: VersionReference): Promise<Uint8Array> {
    const query = [['format', 'bfbs']] as const;
    const { body } = await this.#ask('GET', ['contracts', contract, 'versions', version], { query });
    return body;
  }

  check(contract: string, offer: SchemaOffer): Promise<CheckAnswer> {
    return this.#json('POST', ['contracts', contract, 'check'], offered(offer));
  }

  async register(contract: string, offer: SchemaOffer): Promise<RegisterAnswer | RefusalAnswer> {
    const sent = { ...offered(offer), expected: [ERRORS.INCOMPATIBLE_SCHEMA.httpStatus] };
    const path = ['contracts', contract, 'versions'];
    const answer = await this.#json<RegisterAnswer | RefusalAnswer | ErrorAnswer>('POST', path, sent);
    if ('version' in answer || 'check' in answer) return answer;
    throw refused(answer);
  }

  setLevel(contract: string, level: CompatibilityLevel): Promise<ContractInfo> {
    return this.#json('PUT', ['contracts', contract, 'level'], json({ level }));
  }

  delete({ contract, version }: VersionReference): Promise<ContractVersion> {
    return this.#json('DELETE', ['contracts', contract, 'versions', version]);
  }

  restore({ contract, version }: VersionReference): Promise<ContractVersion> {
    return this.#json('POST', ['contracts', contract, 'versions', version, 'restore']);
  }

  bind(binding: BindRequest): Promise<BindAnswer> {
    return this.#json('PUT', ['bindings'], json(binding));
  }

  async unbind(pattern: string, use: FrameUse): Promise<Binding> {
    const query = Object.entries({ pattern, use });
    const { binding } = await this.#json<{ binding: Binding }>('DELETE', ['bindings'], { query });
    return binding;
  }

  async #json<Answer>(method: string, path: Path, sent: Sent = {}): Promise<Answer> {
    const { body } = await this.#ask(method, path, sent);
    return JSON.parse(body.toString()) as Answer;
  }

  /** Rejects with the error of an answer that is one, unless its status is expected. */
  async #ask(method: string, path: Path, sent: Sent): Promise<HttpAnswer> {
    const { query = [], expected = [], ...content } = sent;
    const url = new URL(this.#base);
    const parts = ['v1', ...path].map((part) => encodeURIComponent(part));
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${parts.join('/')}`;
    for (const [name, value] of query) url.searchParams.append(name, value);
    const answer = await call({ method, url, ...content, timeoutMs: this.#timeoutMs, signal: this.#signal });
    const { status, body } = answer;
    const type = mediaType(answer.contentType);
    if (type === BYTES_TYPE && status === 200) return answer;
    const value = type === JSON_TYPE ? parsed(body) : undefined;
    if (value === undefined) throw notABroker(url, answer);
    if (status < 300 || expected.includes(status)) return answer;
    throw refused(value);
  }
}

type Path = readonly (string | number)[];

interface Sent {
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  readonly contentType?: string;
  /** Statuses of errors that the caller looks at itself. */
  readonly expected?: readonly number[];
}

interface ErrorAnswer {
  readonly code?: unknown;
  readonly message?: unknown;
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

function parsed(body: Buffer): ErrorAnswer | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** An answer's error as one of the table. */
function refused({ code, message }: ErrorAnswer): ModwireError {
  const known = typeof code === 'string' && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL';
  return new ModwireError(known, typeof message === 'string' ? message : 'the broker does not say why');
}

function notABroker(url: URL, { status, contentType }: HttpAnswer): ModwireError {
  return new ModwireError('UNAVAILABLE', {
    what: 'what answers there is no broker',
    expected: 'JSON',
    got: `HTTP status ${status}, ${contentType || 'no content type'}`,
    where: url.origin,
    advice: 'say where the broker is with --url or MODWIRE_URL',
  });
}
