import { ID_BYTES } from '../codec/frame-layout.js';
import { FrameWriter } from '../codec/frame-writer.js';
import { ContentType } from '../codec/generated/modwire/content-type.js';
import { formatUuid, fromHex, IdGenerator } from '../codec/message-id.js';
import { checkSubject } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import type { Admission } from './admission.js';
import { checkJson } from './check-json.js';
import { nowMicros } from './clock.js';
import { badInput, checkQuery, decodePart } from './http-input.js';
import {
  BYTES_TYPE,
  type HttpReply,
  type HttpRequest,
  JSON_TYPE,
  jsonReply,
  notAllowed,
  unsupportedType,
} from './http-message.js';
import { traceOf } from './trace-headers.js';

export const PUBLISH_PREFIX = '/v1/publish/';

const SCHEMA_ID = /^[0-9a-f]{32}$/;

export interface PublishHttpParts {
  readonly registry: Registry;
  readonly work: HeavyWork;
  readonly admission: Pick<Admission, 'publish'>;
  readonly draining: () => boolean;
}

/**
 * `POST /v1/publish/SUBJECT`: publishes JSON, which becomes a payload of the subject's contract where it is bound to
 * one, or bytes as they are.
 */
export class PublishHttp {
  readonly #parts: PublishHttpParts;
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();

  constructor(parts: PublishHttpParts) {
    this.#parts = parts;
  }

  /** Rejects with what refuses it. */
  async answer(request: HttpRequest): Promise<HttpReply> {
    const { method, path, query } = request;
    if (method !== 'POST') return notAllowed(method, ['POST']);
    checkQuery(query, ['schema']);
    const subject = decodePart(path.slice(PUBLISH_PREFIX.length));
    checkSubject(subject);
    const { payload, contentType, schemaId } = await this.#payloadOf(subject, request);
    // Asked last: a broker that began to stop meanwhile no longer has anyone to deliver it to.
    if (this.#parts.draining()) throw stopping();
    const id = new Uint8Array(ID_BYTES);
    const publishedAt = nowMicros();
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    const bytes = this.#writer.encode({
      ...{ subject, id, publishedAt, payload, contentType },
      schemaId: schemaId === undefined ? undefined : fromHex(schemaId),
      ...traceOf(request),
    });
    const { epoch, sequence } = await this.#parts.admission.publish(bytes);
    return jsonReply(200, { subject, id: formatUuid(id), epoch, sequence, schemaId });
  }

  async #payloadOf(
    subject: string,
    { contentType, body, query }: HttpRequest,
  ): Promise<{ payload: Uint8Array; contentType: ContentType; schemaId?: string }> {
    const asked = query.get('schema') ?? undefined;
    if (asked !== undefined && !SCHEMA_ID.test(asked))
      throw badInput('query schema', '32 hexadecimal digits in lower case', asked);
    if (contentType === BYTES_TYPE) {
      const of = asked === undefined ? ContentType.bytes : ContentType.flatbuffer;
      return { payload: body, contentType: of, ...(asked !== undefined && { schemaId: asked }) };
    }
    if (contentType !== JSON_TYPE) throw unsupportedType([JSON_TYPE, BYTES_TYPE], contentType);
    const schemaId = asked ?? this.#latestOf(subject);
    if (schemaId === undefined) {
      await checkJson(body);
      return { payload: body, contentType: ContentType.json };
    }
    const schema = this.#parts.registry.schema(schemaId);
    if (schema === undefined) throw unknownSchema(schemaId);
    const payload = await this.#parts.work.fromJson(schema.compiled, body);
    return { payload, contentType: ContentType.flatbuffer, schemaId };
  }

  /** The latest version of the subject's contract; undefined when it has none. */
  #latestOf(subject: string): string | undefined {
    const { registry } = this.#parts;
    const binding = registry.bindingOf(subject, 'message');
    const versions = binding && registry.contract(binding.contract)?.versions;
    return versions?.findLast(({ deleted }) => !deleted)?.schemaId;
  }
}

function unknownSchema(got: string): ModwireError {
  return new ModwireError('NOT_FOUND', {
    what: 'no such schema',
    expected: 'the id of a registered schema',
    got,
    where: 'query schema',
  });
}

/** Surely not published, unlike what a client sent that got no answer. */
function stopping(): ModwireError {
  return new ModwireError('REJECTED', {
    what: 'the broker stops',
    advice: 'publish to another one, or again later',
  });
}
