import { ID_BYTES } from '../codec/frame-layout.js';
import { FrameWriter } from '../codec/frame-writer.js';
import { ContentType } from '../codec/generated/modwire/content-type.js';
import { formatUuid, fromHex, IdGenerator } from '../codec/message-id.js';
import { checkSubject } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import type { Admission } from './admission.js';
import { nowMicros } from './clock.js';
import { BYTES_TYPE, type HttpReply, type HttpRequest, JSON_TYPE, jsonReply } from './http-message.js';

export const PUBLISH_PREFIX = '/v1/publish/';

const SCHEMA_ID = /^[0-9a-f]{32}$/;

export interface PublishHttpParts {
  readonly registry: Registry;
  readonly work: HeavyWork;
  readonly admission: Admission;
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
    if (request.method !== 'POST') {
      return jsonReply(405, {
        code: 'INVALID_ARGUMENT',
        message: `method not allowed: expected POST, got ${request.method}`,
      });
    }
    const subject = decodeSubject(request.path.slice(PUBLISH_PREFIX.length));
    const { payload, contentType, schemaId } = await this.#payloadOf(subject, request);
    const id = new Uint8Array(ID_BYTES);
    const publishedAt = nowMicros();
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    const bytes = this.#writer.encode({
      ...{ subject, id, publishedAt, payload, contentType },
      schemaId: schemaId === undefined ? undefined : fromHex(schemaId),
    });
    const { epoch, sequence } = await this.#parts.admission.publish(bytes);
    return jsonReply(200, { subject, id: formatUuid(id), epoch, sequence, schemaId });
  }

  async #payloadOf(
    subject: string,
    { contentType, body, query }: HttpRequest,
  ): Promise<{ payload: Uint8Array; contentType: ContentType; schemaId?: string }> {
    const asked = query.get('schema') ?? undefined;
    if (asked !== undefined && !SCHEMA_ID.test(asked)) throw badSchemaId(asked);
    if (contentType === BYTES_TYPE) {
      const of = asked === undefined ? ContentType.bytes : ContentType.flatbuffer;
      return { payload: body, contentType: of, ...(asked !== undefined && { schemaId: asked }) };
    }
    if (contentType !== JSON_TYPE) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'content type not supported',
        expected: `${JSON_TYPE} or ${BYTES_TYPE}`,
        got: contentType || 'none',
      });
    }
    const schemaId = asked ?? this.#latestOf(subject);
    if (schemaId === undefined) return { payload: checkJson(body), contentType: ContentType.json };
    const schema = this.#parts.registry.schema(schemaId);
    if (schema === undefined) throw badSchemaId(schemaId);
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

function decodeSubject(text: string): string {
  let subject: string;
  try {
    subject = decodeURIComponent(text);
  } catch {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'not a subject',
      expected: 'percent-encoded UTF-8',
      got: JSON.stringify(text),
    });
  }
  checkSubject(subject);
  return subject;
}

/** JSON for a subject without a contract goes as it is, but it is JSON. */
function checkJson(body: Uint8Array): Uint8Array {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'not JSON',
      expected: 'a JSON document in UTF-8',
      got: cause instanceof Error ? cause.message : 'something else',
      cause,
    });
  }
  return body;
}

function badSchemaId(got: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: 'not a schema id',
    expected: '32 hexadecimal digits that name a registered schema',
    got: JSON.stringify(got),
    where: 'query schema',
  });
}
