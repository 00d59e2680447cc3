import type { FrameView } from '../../codec/frame-view.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { HttpSink, HttpStream } from '../http-message.js';
import { JSON_TYPE } from '../http-message.js';
import { STREAM_WINDOW } from './call.js';
import { errorOf, hasMore } from './http-calls.js';
import type { ReplyBodies } from './reply-bodies.js';

export interface ReplyEventsParts {
  readonly bodies: ReplyBodies;
  /** Payloads are sent as they came. */
  readonly asBytes: boolean;
  /** What may wait for the peer. Bytes. */
  readonly maxWaitingBytes: number;
  /** So many replies may come in all. */
  readonly grant: (replies: number) => void;
  /** No more are wanted. */
  readonly stop: () => void;
  /** Fires when nobody reads them any more. */
  readonly gone: AbortSignal;
}

/** Replies granted anew at once. */
const GRANT_STEP = STREAM_WINDOW / 2;

/** A stream of replies as server-sent events, of which the worker sends as many as the peer takes. */
export class ReplyEvents implements HttpStream {
  readonly ended: Promise<void>;
  readonly #parts: ReplyEventsParts;
  readonly #waiting: (FrameView | ModwireError)[] = [];
  #waitingBytes = 0;
  #taken = 0;
  #granted = STREAM_WINDOW;
  #sink: HttpSink | undefined;
  /** Whether events are being written. */
  #writing = false;
  #whenDrained: (() => void) | undefined;
  /** As an event; empty without one. */
  #explanation = '';
  #over = false;
  #end!: () => void;

  constructor(parts: ReplyEventsParts) {
    this.#parts = parts;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    parts.gone.addEventListener('abort', this.#end);
  }

  start(sink: HttpSink): void {
    this.#sink = sink;
    void this.#write();
  }

  nudge(): string {
    return ':\n\n';
  }

  drained(): void {
    this.#whenDrained?.();
  }

  /** Why the request went where it went, in JSON: told before its end. */
  explain(json: string): void {
    this.#explanation = `event: explanation\ndata: ${json}\n\n`;
  }

  /** Takes a reply or an error, which nobody else writes to. */
  take(frame: FrameView): void {
    if (this.#over) return;
    this.#waitingBytes += frame.byteLength;
    this.#waiting.push(this.#waitingBytes > this.#parts.maxWaitingBytes ? this.#tooSlow() : frame);
    void this.#write();
  }

  async #write(): Promise<void> {
    if (this.#writing || this.#sink === undefined) return;
    this.#writing = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const text = await this.#eventsOf(next).catch((thrown) => this.#failure(thrown));
      if (!this.#sink.write(text)) await this.#untilDrained();
      if (next instanceof ModwireError || this.#over) break;
      this.#waitingBytes -= next.byteLength;
      this.#grantMore();
    }
    this.#writing = false;
    if (!this.#over) return;
    this.#sink.end();
    this.#end();
  }

  /** What is written of a reply or an error. */
  async #eventsOf(next: FrameView | ModwireError): Promise<string> {
    if (next instanceof ModwireError) throw next;
    if (next.kind === Kind.error) throw errorOf(next);
    const isLast = !hasMore(next);
    const reply = isLast && next.payloadLength === 0 ? '' : await this.#replyOf(next);
    if (!isLast) return reply;
    this.#over = true;
    return `${reply}${this.#explanation}event: end\ndata: {}\n\n`;
  }

  async #replyOf(frame: FrameView): Promise<string> {
    if (frame.payloadLength === 0) return 'event: empty\ndata: {}\n\n';
    const { contentType, body } = await this.#parts.bodies.of(frame, this.#parts.asBytes);
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    if (contentType !== JSON_TYPE) return `event: bytes\ndata: ${bytes.toString('base64')}\n\n`;
    return `data: ${bytes.toString('utf8').split(LINE_ENDS).join('\ndata: ')}\n\n`;
  }

  /** The last that the peer reads. */
  #failure(thrown: unknown): string {
    const { code, message } = toModwireError(thrown);
    this.#over = true;
    this.#waiting.length = 0;
    this.#parts.stop();
    return `${this.#explanation}event: error\ndata: ${JSON.stringify({ code, message })}\n\n`;
  }

  #tooSlow(): ModwireError {
    this.#parts.stop();
    return new ModwireError('SLOW_CONSUMER', {
      what: 'the replies are not read fast enough',
      expected: `at most slowConsumerBytes = ${this.#parts.maxWaitingBytes} that wait`,
    });
  }

  #grantMore(): void {
    this.#taken++;
    if (this.#granted - this.#taken > STREAM_WINDOW - GRANT_STEP) return;
    this.#granted = this.#taken + STREAM_WINDOW;
    this.#parts.grant(this.#granted);
  }

  #untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenDrained = () => {
        this.#whenDrained = undefined;
        resolve();
      };
    });
  }
}

/** Each of them would end an event's line. */
const LINE_ENDS = /\r\n|\r|\n/;
