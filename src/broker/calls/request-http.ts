import type { FrameView } from '../../codec/frame-view.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { checkSubject } from '../../codec/subject.js';
import { exactMs } from '../clock.js';
import { checkQuery, decodePart } from '../http-input.js';
import { BYTES_TYPE, type HttpReply, type HttpRequest, notAllowed, problemOf } from '../http-message.js';
import type { HttpPayloads } from '../http-payload.js';
import { callHeadersOf, timeLeft } from './call-headers.js';
import { explained, type TakesExplanation } from './explanation-header.js';
import { errorOf, type HttpCallFields, type HttpCalls } from './http-calls.js';
import { type ReplyBodies, replyHeaders } from './reply-bodies.js';
import { ReplyEvents } from './reply-events.js';

export const REQUEST_PREFIX = '/v1/request/';

export const EVENTS_TYPE = 'text/event-stream';

export interface RequestHttpParts {
  readonly calls: HttpCalls;
  readonly payloads: HttpPayloads;
  readonly bodies: ReplyBodies;
  /** What may wait for the reader of a stream of replies. Bytes. */
  readonly maxWaitingBytes: number;
}

/**
 * `POST /v1/request/SUBJECT`: makes a request of JSON, which becomes a payload of the subject's contract where it is bound
 * to one, or of bytes as they are, and answers with its reply, or with its stream of replies as server-sent events.
 */
export class RequestHttp {
  readonly #parts: RequestHttpParts;

  constructor(parts: RequestHttpParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  answer(request: HttpRequest): Promise<HttpReply> {
    return explained((told) => this.#answer(request, told), problemOf);
  }

  /** Rejects with what refuses it, or with the error that answers it. */
  async #answer(request: HttpRequest, told: TakesExplanation): Promise<HttpReply> {
    const startedMs = exactMs();
    const { method, path, query, headers, gone } = request;
    if (method !== 'POST') return notAllowed(method, ['POST']);
    checkQuery(query, ['schema']);
    const subject = decodePart(path.slice(REQUEST_PREFIX.length));
    checkSubject(subject);
    const { timeoutMs, ...fields } = callHeadersOf(request);
    const { payload, contentType, schemaId } = await this.#parts.payloads.of(subject, request, 'request');
    const timeout = timeLeft(timeoutMs, startedMs, exactMs());
    const call = { ...fields, subject, timeout, payload, contentType, schemaId };
    const asBytes = accepts(headers.accept, BYTES_TYPE);
    if (accepts(headers.accept, EVENTS_TYPE)) return this.#stream(call, gone, asBytes, told);
    const frame = await this.#parts.calls.ask(call, gone, told);
    const { contentType: type, body } = await this.#parts.bodies.of(frame, asBytes);
    return { status: 200, contentType: type, body, headers: replyHeaders(frame) };
  }

  /** What comes first decides: an error is an answer of its own. */
  #stream(
    fields: HttpCallFields,
    gone: AbortSignal,
    asBytes: boolean,
    told: TakesExplanation,
  ): Promise<HttpReply> {
    const { calls, bodies, maxWaitingBytes } = this.#parts;
    return new Promise((resolve, reject) => {
      let stream: ReplyEvents | undefined;
      let why: string | undefined;
      const first = (frame: FrameView) => {
        if (frame.kind === Kind.error) return reject(errorOf(frame));
        stream = new ReplyEvents({
          ...{ bodies, asBytes, maxWaitingBytes, gone },
          grant: (replies) => call.grant(replies),
          stop: () => call.giveUp(),
        });
        if (why !== undefined) stream.explain(why);
        stream.take(frame);
        const head = { ...replyHeaders(frame), 'Cache-Control': 'no-store' };
        resolve({ status: 200, contentType: EVENTS_TYPE, body: '', headers: head, stream });
      };
      const take = (frame: FrameView) => {
        if (stream === undefined) first(frame);
        else stream.take(frame);
      };
      const call = calls.begin(fields, gone, take, (json) => {
        why = json;
        told(json);
        stream?.explain(json);
      });
    });
  }
}

/** Whether an Accept header names a media type. */
function accepts(header: string, type: string): boolean {
  return header.split(',').some((one) => one.split(';', 1)[0]!.trim().toLowerCase() === type);
}
