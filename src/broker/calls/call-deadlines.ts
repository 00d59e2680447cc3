import { DeadlineWheel } from '../../routing/calls/deadline-wheel.js';
import { monotonicMs } from '../clock.js';
import type { BrokerCall } from './worker-group.js';

/** Holds the deadlines of calls, with one timer for all. */
export class CallDeadlines {
  readonly #wheel = new DeadlineWheel<BrokerCall>(monotonicMs());
  readonly #expired: (call: BrokerCall) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires. Milliseconds on the monotonic clock. */
  #wakeMs = Number.POSITIVE_INFINITY;
  #latestMs = 0;

  constructor(expired: (call: BrokerCall) => void) {
    this.#expired = expired;
  }

  add(call: BrokerCall): void {
    this.#wheel.add(call, call.deadlineMs);
    this.#latestMs = Math.max(this.#latestMs, call.deadlineMs);
    if (call.deadlineMs < this.#wakeMs) this.#arm();
  }

  cancel(call: BrokerCall): void {
    this.#wheel.cancel(call);
  }

  /** Hands out every call, before its time. None may be added afterwards. */
  takeAll(taken: (call: BrokerCall) => void): void {
    this.#wheel.advance(this.#latestMs, taken);
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
