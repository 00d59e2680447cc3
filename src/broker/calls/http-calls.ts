import type { FrameFields } from '../../codec/frame-fields.js';
import { ID_BYTES } from '../../codec/frame-layout.js';
import type { FrameVerifier } from '../../codec/frame-verifier.js';
import { FrameView } from '../../codec/frame-view.js';
import { FrameWriter } from '../../codec/frame-writer.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { Memory } from '../../codec/memory.js';
import { IdGenerator } from '../../codec/message-id.js';
import { ModwireError } from '../../errors.js';
import { nowMicros } from '../clock.js';
import { HttpError } from '../http-message.js';
import { errorCodeOfFrame, MESSAGE_HEADER } from './call-frames.js';
import type { Calls } from './calls.js';
import type { TakesExplanation } from './explanation-header.js';
import type { BrokerCall, BrokerCaller } from './worker-group.js';

export interface HttpCallsParts {
  readonly calls: Pick<Calls, 'request' | 'grantTo' | 'giveUp'>;
  /** One whose frames the broker admits. */
  readonly verifier: FrameVerifier;
  /** Calls at once. */
  readonly maxCalls: number;
}

/** What a request over HTTP says. */
export type HttpCallFields = Omit<FrameFields, 'id' | 'publishedAt' | 'kind'>;

/** Takes a reply or an error, which is a copy of its own. */
export type TakesAnswer = (frame: FrameView) => void;

/** Makes the requests that come over HTTP. */
export class HttpCalls {
  readonly #parts: HttpCallsParts;
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();
  readonly #request = new FrameView();
  #open = 0;

  constructor(parts: HttpCallsParts) {
    this.#parts = parts;
  }

  /**
   * Makes a request; `told` takes why it went where it went, if that is asked. Both may be called before this returns; it is called no more once `gone` has fired. Throws
   * RESOURCE_EXHAUSTED when there are too many, CANCELLED when nobody waits any more.
   */
  begin(fields: HttpCallFields, gone: AbortSignal, take: TakesAnswer, told: TakesExplanation): HttpCall {
    const { calls, verifier, maxCalls } = this.#parts;
    if (gone.aborted) throw new ModwireError('CANCELLED', 'the peer is gone');
    if (this.#open >= maxCalls) {
      throw new HttpError(503, 'RESOURCE_EXHAUSTED', {
        what: 'too many requests over HTTP',
        expected: `at most maxHttpRequests = ${maxCalls} at once`,
        got: 'one more',
      });
    }
    const id = new Uint8Array(ID_BYTES);
    const publishedAt = nowMicros();
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    const bytes = this.#writer.encode({ ...fields, id, publishedAt, kind: Kind.request });
    if (!verifier.verify(new Memory(bytes), 0, bytes.length, this.#request)) {
      throw new ModwireError('MALFORMED_FRAME', `not a frame: ${this.#request.violation!.text}`);
    }
    this.#open++;
    const ended = () => {
      this.#open--;
    };
    const call = new HttpCall(this.#parts, id, take, told, ended);
    gone.addEventListener('abort', () => call.giveUp());
    calls.request(call, this.#request);
    return call;
  }

  /** Makes a request that has one reply. Rejects with the error that answers it, FAILED_PRECONDITION for a stream. */
  ask(
    fields: HttpCallFields,
    gone: AbortSignal,
    told: TakesExplanation = () => undefined,
  ): Promise<FrameView> {
    return new Promise((resolve, reject) => {
      gone.addEventListener('abort', () => reject(new ModwireError('CANCELLED', 'the peer is gone')));
      const take = (frame: FrameView) => {
        if (frame.kind === Kind.error) reject(errorOf(frame));
        else if (!hasMore(frame)) resolve(frame);
        else {
          reject(notOneReply(fields.subject));
          call.giveUp();
        }
      };
      const call = this.begin(fields, gone, take, told);
    });
  }
}

/** One request that came over HTTP, which is its own caller. */
export class HttpCall implements BrokerCaller {
  readonly calls = new Set<BrokerCall>();
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly #parts: HttpCallsParts;
  readonly #take: TakesAnswer;
  readonly #told: TakesExplanation;
  readonly #ended: () => void;
  #over = false;

  constructor(
    parts: HttpCallsParts,
    id: Uint8Array,
    take: TakesAnswer,
    told: TakesExplanation,
    ended: () => void,
  ) {
    this.#parts = parts;
    this.id = id;
    this.#take = take;
    this.#told = told;
    this.#ended = ended;
  }

  deliver(bytes: Uint8Array, start: number, end: number): void {
    if (this.#over) return;
    const own = bytes.slice(start, end);
    const frame = new FrameView();
    this.#parts.verifier.verify(new Memory(own), 0, own.length, frame);
    if (!hasMore(frame)) this.#end();
    this.#take(frame);
  }

  explain(_: Uint8Array, json: string): void {
    if (!this.#over) this.#told(json);
  }

  /** So many replies may come in all. */
  grant(replies: number): void {
    this.#parts.calls.grantTo(this, this.id, replies);
  }

  /** Nobody waits for the end any more. */
  giveUp(): void {
    if (this.#over) return;
    this.#end();
    this.#parts.calls.giveUp(this);
  }

  #end(): void {
    this.#over = true;
    this.#ended();
  }
}

/** Whether other replies follow. */
export function hasMore(frame: FrameView): boolean {
  return (frame.flags & FrameFlags.more) !== 0;
}

/** The error that a frame says. */
export function errorOf(frame: FrameView): ModwireError {
  const message = frame.headers.find(([name]) => name === MESSAGE_HEADER)?.[1];
  return new ModwireError(errorCodeOfFrame(frame), message ?? 'no message');
}

function notOneReply(subject: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'the request is answered with a stream',
    expected: 'one reply',
    where: `subject ${subject}`,
    advice: 'accept text/event-stream',
  });
}
