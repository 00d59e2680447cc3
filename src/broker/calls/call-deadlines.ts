import { DeadlineWheel } from '../../routing/calls/deadline-wheel.js';
import { monotonicMs } from '../clock.js';
import type { Call } from './call.js';

/** Holds the deadlines of calls, with one timer for all. */
export class CallDeadlines {
  readonly #wheel = new DeadlineWheel<Call>(monotonicMs());
  readonly #expired: (call: Call) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires. Milliseconds on the monotonic clock. */
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(expired: (call: Call) => void) {
    this.#expired = expired;
  }

  add(call: Call): void {
    this.#wheel.add(call, call.deadlineMs);
    if (call.deadlineMs < this.#wakeMs) this.#arm();
  }

  cancel(call: Call): void {
    this.#wheel.cancel(call);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wakeMs = Number.NEGATIVE_INFINITY;
  }

  #arm(): void {
    const { wakeMs } = this.#wheel;
    clearTimeout(this.#timer);
    this.#wakeMs = wakeMs;
    if (wakeMs === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => this.#advance(), Math.max(0, wakeMs - monotonicMs()));
    // Whoever waits has a connection, which keeps the process.
    this.#timer.unref();
  }

  #advance(): void {
    this.#wheel.advance(monotonicMs(), this.#expired);
    this.#arm();
  }
}
