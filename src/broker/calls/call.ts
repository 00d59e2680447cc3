import { FrameView } from '../../codec/frame-view.js';
import type { Timed } from '../../routing/calls/deadline-wheel.js';
import type { Place } from '../../routing/calls/waiting-queue.js';
import type { CallAssignment } from '../experiments/call-assignment.js';
import type { CallRecord } from './call-record.js';
import type { Caller } from './caller.js';
import type { Eligibility } from './eligibility.js';
import type { Explanation } from './explanation.js';

/** Replies that a worker may send before its caller has granted any. */
export const STREAM_WINDOW = 64;

const NO_FRAME = new FrameView();

/** A request from its admission to its end; workers are `W`, their groups `G`. */
export class Call<W, G> implements Timed {
  wheelIndex = -1;
  readonly caller: Caller<Call<W, G>>;
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly subject: string;
  /** As the request names it, microseconds; 0 when it names none. */
  readonly timeout: number;
  readonly byteLength: number;
  /**
   * Borrowed until it is routed or waits to be; then a copy of its own, for as long as someone waits for the end. While it
   * is verified by the pool its bytes are there, and may be lost there: what every end needs of it stands above.
   */
  frame: FrameView;
  /** Milliseconds on the broker's monotonic clock, as exact as it is. */
  readonly begunAt: number;
  /** Milliseconds on the broker's monotonic clock. */
  readonly deadlineMs: number;
  /** Hash of its assignment key. */
  readonly keyHash: number;
  readonly idempotent: boolean;

  /** Which workers may have it; undefined when all may. It does not change while the call waits. */
  eligibility: Eligibility | undefined;
  /** Where its experiment has sent it; undefined without one. */
  assignment: CallAssignment | undefined;
  /** Id of the schema of its payload in hex, as soon as it matters who reads it. */
  schemaId: string | undefined;
  group: G | undefined;
  /** Where it waits for a worker. */
  place: Place<Call<W, G>> | undefined;
  /** Who has it. */
  worker: W | undefined;
  /** Who had it last and has rejected it: others come first. */
  rejectedBy: W | undefined;
  /** A worker that had it was lost: it may have been started, whatever becomes of it. */
  wasLost = false;
  /** Workers that it was handed to. */
  attempts = 0;
  /** When it was handed to the present one. Milliseconds on the broker's monotonic clock. */
  handedAt = 0;
  /** Replies with the flag `more` that have come from the present worker, and those of all that its caller was sent. */
  parts = 0;
  replies = 0;
  /** How many with the flag `more` may come in all. */
  granted = STREAM_WINDOW;
  /** Its caller has had its end, or has given up; a worker may still have it. */
  over = false;
  /** Until replies that have come are verified. */
  checking: Promise<void> | undefined;
  /** A copy of a request, for another variant: it says nothing of how well real ones do, and is tried once. */
  isCopy = false;
  /** Who keeps its replies besides its caller. */
  record: CallRecord | undefined;
  /** Why it goes where it goes, when its caller asks. */
  explanation: Explanation | undefined;

  constructor(
    caller: Caller<Call<W, G>>,
    frame: FrameView,
    begunAt: number,
    deadlineMs: number,
    keyHash: number,
    idempotent: boolean,
  ) {
    this.caller = caller;
    this.id = frame.id.slice();
    this.subject = frame.subject;
    this.timeout = frame.timeout;
    this.byteLength = frame.byteLength;
    this.frame = frame;
    this.begunAt = begunAt;
    this.deadlineMs = deadlineMs;
    this.keyHash = keyHash;
    this.idempotent = idempotent;
  }

  /** Its caller has had its end, or has given up. */
  finish(): void {
    this.over = true;
    this.frame = NO_FRAME;
  }
}
