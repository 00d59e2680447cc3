import { ContentType } from '../codec/generated/modwire/content-type.js';
import { fromHex } from '../codec/message-id.js';
import { ModwireError } from '../errors.js';
import type { FrameUse } from '../registry/contract-records.js';
import type { Registry } from '../registry/registry.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import { checkJson } from './check-json.js';
import { badInput } from './http-input.js';
import { BYTES_TYPE, type HttpRequest, JSON_TYPE, unsupportedType } from './http-message.js';

const SCHEMA_ID = /^[0-9a-f]{32}$/;

/** What a body becomes in a frame. */
export interface HttpPayload {
  readonly payload: Uint8Array;
  readonly contentType: ContentType;
  /** 16 bytes. */
  readonly schemaId?: Uint8Array | undefined;
  /** The same in hex. */
  readonly schema?: string | undefined;
}

/** Makes payloads of bodies: of JSON by the contract of a subject, or by the schema that `?schema=` names. */
export class HttpPayloads {
  readonly #registry: Registry;
  readonly #work: HeavyWork;

  constructor(registry: Registry, work: HeavyWork) {
    this.#registry = registry;
    this.#work = work;
  }

  /** Rejects with what refuses the body. */
  async of(
    subject: string,
    { contentType, body, query }: Pick<HttpRequest, 'contentType' | 'body' | 'query'>,
    use: FrameUse,
  ): Promise<HttpPayload> {
    const asked = query.get('schema') ?? undefined;
    if (asked !== undefined && !SCHEMA_ID.test(asked))
      throw badInput('query schema', '32 hexadecimal digits in lower case', asked);
    if (contentType === BYTES_TYPE) {
      if (asked === undefined) return { payload: body, contentType: ContentType.bytes };
      return flatBuffer(body, asked);
    }
    if (contentType !== JSON_TYPE) throw unsupportedType([JSON_TYPE, BYTES_TYPE], contentType);
    const schemaId = asked ?? this.#latestOf(subject, use);
    if (schemaId === undefined) {
      await checkJson(body);
      return { payload: body, contentType: ContentType.json };
    }
    const schema = this.#registry.schema(schemaId);
    if (schema === undefined) throw unknownSchema(schemaId);
    return flatBuffer(await this.#work.fromJson(schema.compiled, body), schemaId);
  }

  /** The latest version of the subject's contract; undefined when it has none. */
  #latestOf(subject: string, use: FrameUse): string | undefined {
    const binding = this.#registry.bindingOf(subject, use);
    const versions = binding && this.#registry.contract(binding.contract)?.versions;
    return versions?.findLast(({ deleted }) => !deleted)?.schemaId;
  }
}

function flatBuffer(payload: Uint8Array, schema: string): HttpPayload {
  return { payload, contentType: ContentType.flatbuffer, schemaId: fromHex(schema), schema };
}

function unknownSchema(got: string): ModwireError {
  return new ModwireError('NOT_FOUND', {
    what: 'no such schema',
    expected: 'the id of a registered schema',
    got,
    where: 'query schema',
  });
}
