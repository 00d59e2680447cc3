import { ID_BYTES } from '../codec/frame-layout.js';
import { FrameWriter } from '../codec/frame-writer.js';
import { formatUuid, IdGenerator } from '../codec/message-id.js';
import { checkSubject } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import type { Admission } from './admission.js';
import { nowMicros } from './clock.js';
import { checkQuery, decodePart } from './http-input.js';
import { type HttpReply, type HttpRequest, jsonReply, notAllowed } from './http-message.js';
import type { HttpPayloads } from './http-payload.js';
import { traceOf } from './trace-headers.js';

export const PUBLISH_PREFIX = '/v1/publish/';

export interface PublishHttpParts {
  readonly payloads: HttpPayloads;
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
    const { payload, contentType, schemaId, schema } = await this.#parts.payloads.of(
      subject,
      request,
      'message',
    );
    // Asked last: a broker that began to stop meanwhile no longer has anyone to deliver it to.
    if (this.#parts.draining()) throw stopping();
    const id = new Uint8Array(ID_BYTES);
    const publishedAt = nowMicros();
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    const bytes = this.#writer.encode({
      ...{ subject, id, publishedAt, payload, contentType, schemaId },
      ...traceOf(request),
    });
    const { epoch, sequence } = await this.#parts.admission.publish(bytes);
    return jsonReply(200, { subject, id: formatUuid(id), epoch, sequence, schemaId: schema });
  }
}

/** Surely not published, unlike what a client sent that got no answer. */
function stopping(): ModwireError {
  return new ModwireError('REJECTED', {
    what: 'the broker stops',
    advice: 'publish to another one, or again later',
  });
}
