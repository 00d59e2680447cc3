import type { FrameView } from '../../codec/frame-view.js';
import { ModwireError } from '../../errors.js';
import type { CallExplanation } from '../../routing/calls/call-explanation.js';
import type { Alarm } from './alarms.js';
import type { CallTerms } from './call-options.js';
import { contractRefusal, keepFrame, Reply } from './received.js';

/** A request as it was sent once. */
export interface Attempt {
  readonly call: PendingCall;
  /** Of its frame: 16 bytes. */
  readonly id: Uint8Array;
  /** Its place in the order of sending. */
  readonly mark: number;
  readonly sentMs: number;
  /** What the broker says of it, which comes before its end. */
  explanation: CallExplanation | undefined;
}

/** What somebody waits for: a request from its making to its one outcome, over all its attempts. */
export abstract class PendingCall implements Alarm {
  wheelIndex = -1;
  readonly terms: CallTerms;
  readonly startedMs = performance.now();
  readonly deadlineMs: number;
  /** Attempts that have not failed: two while it is hedged. */
  readonly live: Attempt[] = [];
  /** Attempts made so far. */
  attempts = 0;
  /** Of the first attempt. */
  firstId: Uint8Array | undefined;
  /** The next attempt, which is made unless something comes before. */
  planned: Alarm | undefined;
  /** It has its outcome. */
  over = false;
  offAbort: (() => void) | undefined;
  readonly #expired: (call: PendingCall) => void;

  /** `expired` is told when its time is over. */
  constructor(terms: CallTerms, expired: (call: PendingCall) => void) {
    this.terms = terms;
    this.deadlineMs = this.startedMs + terms.timeoutMs;
    this.#expired = expired;
  }

  /** Whether another attempt would leave nothing to be seen twice. */
  abstract get repeatable(): boolean;

  /** Takes a reply; returns what is wrong with it, if anything is. */
  abstract take(attempt: Attempt, frame: FrameView, more: boolean, nowMs: number): ModwireError | undefined;

  /** Takes the error that is its outcome. */
  abstract fail(error: ModwireError): void;

  due(): void {
    this.#expired(this);
  }

  protected reply({ explanation }: Attempt, frame: FrameView, nowMs: number): Reply<unknown> | ModwireError {
    const { reply: contract } = this.terms;
    const refusal = contract && contractRefusal(frame, contract, 'reply');
    if (refusal !== undefined) return refusal;
    const latencyMs = nowMs - this.startedMs;
    return new Reply<unknown>(keepFrame(frame), contract, latencyMs, this.attempts, explanation);
  }
}

/** Keeps what the broker says of an attempt, as JSON, and tells whoever wants to know. */
export function takeExplanation(attempt: Attempt, json: string): void {
  const { explain } = attempt.call.terms.options ?? {};
  attempt.explanation = JSON.parse(json) as CallExplanation;
  if (typeof explain === 'function') explain(attempt.explanation);
}

/** A request with one reply. */
export class SingleCall extends PendingCall {
  /** Where its outcome goes. */
  resolve!: (reply: Reply<unknown>) => void;
  reject!: (error: ModwireError) => void;

  override get repeatable(): boolean {
    return true;
  }

  override take(attempt: Attempt, frame: FrameView, more: boolean, nowMs: number): ModwireError | undefined {
    if (more) return notOneReply(this.terms.subject);
    const reply = this.reply(attempt, frame, nowMs);
    if (reply instanceof ModwireError) return reply;
    this.resolve(reply);
    return undefined;
  }

  override fail(error: ModwireError): void {
    this.reject(error);
  }
}

function notOneReply(subject: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'the request is answered with a stream',
    expected: 'one reply',
    where: `subject ${subject}`,
    advice: 'use client.requestStream',
    mayHaveStarted: true,
  });
}
