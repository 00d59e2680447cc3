import { DeadlineWheel, type Timed } from '../../routing/calls/deadline-wheel.js';

/** Something to be done at a time. */
export interface Alarm extends Timed {
  due(nowMs: number): void;
}

/** Timers hold no more. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * All deadlines of a client, with one timer. It is not set back when an alarm is cleared: most calls end long before
 * their deadline, and a timer that finds nothing to do once in a while costs less than one for each call.
 * Times are those of `performance.now`.
 */
export class Alarms {
  readonly #wheel = new DeadlineWheel<Alarm>(performance.now());
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer fires; Infinity when it is not set. */
  #wakeMs = Number.POSITIVE_INFINITY;

  get size(): number {
    return this.#wheel.size;
  }

  /** Sets an alarm that is not set. */
  set(alarm: Alarm, atMs: number): void {
    this.#wheel.add(alarm, atMs);
    if (atMs < this.#wakeMs) this.#wakeAt(atMs);
  }

  clear(alarm: Alarm): void {
    this.#wheel.cancel(alarm);
  }

  /** Nothing is due any more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#wakeMs = Number.NEGATIVE_INFINITY;
  }

  #wakeAt(atMs: number): void {
    clearTimeout(this.#timer);
    this.#wakeMs = atMs;
    const delayMs = Math.max(0, Math.ceil(atMs - performance.now()));
    this.#timer = setTimeout(() => this.#ring(), Math.min(delayMs, MAX_TIMER_MS));
  }

  #ring(): void {
    this.#wakeMs = Number.POSITIVE_INFINITY;
    const nowMs = performance.now();
    this.#wheel.advance(nowMs, (alarm) => alarm.due(nowMs));
    const { wakeMs } = this.#wheel;
    if (wakeMs < this.#wakeMs) this.#wakeAt(wakeMs);
  }
}
