import type { FrameView } from '../../codec/frame-view.js';
import type { Timed } from '../../routing/calls/deadline-wheel.js';
import type { Place } from '../../routing/calls/waiting-queue.js';
import type { Caller } from './caller.js';
import type { Worker } from './worker.js';
import type { WorkerGroup } from './worker-group.js';

/** Replies that a worker may send before its caller has granted any. */
export const STREAM_WINDOW = 64;

/** A request from its admission to its end. */
export class Call implements Timed {
  wheelIndex = -1;
  readonly caller: Caller;
  /** A copy of its own. */
  readonly frame: FrameView;
  /** Milliseconds on the broker's monotonic clock. */
  readonly begunAt: number;
  /** Milliseconds on the broker's monotonic clock. */
  readonly deadlineMs: number;
  /** Hash of its assignment key. */
  readonly keyHash: number;
  readonly idempotent: boolean;

  group: WorkerGroup | undefined;
  /** Where it waits for a worker. */
  place: Place<Call> | undefined;
  /** Who has it. */
  worker: Worker | undefined;
  /** Workers that it was handed to. */
  attempts = 0;
  /** When it was handed to the present one. Milliseconds on the broker's monotonic clock. */
  handedAt = 0;
  /** From the present worker. */
  replies = 0;
  /** How many may come in all. */
  granted = STREAM_WINDOW;
  /** Its caller has had its end, or has given up; a worker may still have it. */
  over = false;
  /** Until replies that have come are verified. */
  checking: Promise<void> | undefined;

  constructor(
    caller: Caller,
    frame: FrameView,
    begunAt: number,
    deadlineMs: number,
    keyHash: number,
    idempotent: boolean,
  ) {
    this.caller = caller;
    this.frame = frame;
    this.begunAt = begunAt;
    this.deadlineMs = deadlineMs;
    this.keyHash = keyHash;
    this.idempotent = idempotent;
  }

  /** 16 bytes. */
  get id(): Uint8Array {
    return this.frame.id;
  }
}
