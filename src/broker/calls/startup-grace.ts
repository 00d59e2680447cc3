import { hasWildcard, matchesFilter } from '../../codec/subject.js';
import type { Limits } from '../../limits.js';
import { monotonicMs } from '../clock.js';
import type { BrokerCall } from './worker-group.js';

/**
 * Requests that nobody serves yet, for a while after the broker's start: after a restart callers may be back before their
 * workers are, and the broker knows of none. As many may wait as for a group of workers.
 */
export class StartupGrace {
  readonly #limits: Limits;
  /** Told of each that still waits when the grace is over; it does not wait there any more. */
  readonly #over: (call: BrokerCall) => void;
  readonly #endMs: number;
  readonly #waiting = new Map<string, Set<BrokerCall>>();
  #size = 0;
  #bytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** It begins now. */
  constructor(limits: Limits, over: (call: BrokerCall) => void) {
    this.#limits = limits;
    this.#over = over;
    this.#endMs = monotonicMs() + limits.startupGraceMs;
  }

  /** Requests that wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether requests may wait at all. */
  holds(nowMs: number): boolean {
    return nowMs < this.#endMs;
  }

  /** Whether a request may wait to the end of it, and still have time. */
  covers({ deadlineMs }: BrokerCall): boolean {
    return this.holds(monotonicMs()) && this.#endMs < deadlineMs;
  }

  /** Lets a request wait; false when there is no room. */
  join(call: BrokerCall, nowMs: number): boolean {
    const { maxQueuedCalls, maxQueuedCallBytes } = this.#limits;
    if (this.#size >= maxQueuedCalls || this.#bytes + call.byteLength > maxQueuedCallBytes) return false;
    const same = this.#waiting.get(call.subject);
    if (same === undefined) this.#waiting.set(call.subject, new Set([call]));
    else same.add(call);
    this.#size++;
    this.#bytes += call.byteLength;
    // Whoever waits has a connection, which keeps the process.
    this.#timer ??= setTimeout(() => this.#end(), this.#endMs - nowMs).unref();
    return true;
  }

  /** Takes out a request that may wait. */
  leave(call: BrokerCall): void {
    if (this.#size === 0) return;
    const same = this.#waiting.get(call.subject);
    if (same === undefined || !same.delete(call)) return;
    if (same.size === 0) this.#waiting.delete(call.subject);
    this.#size--;
    this.#bytes -= call.byteLength;
  }

  /** Takes out those whose subjects a filter selects, in the order in which they would wait for its workers. */
  take(filter: string): BrokerCall[] {
    if (this.#size === 0) return [];
    const subjects = hasWildcard(filter)
      ? [...this.#waiting.keys()].filter((subject) => matchesFilter(filter, subject))
      : [filter];
    const taken = subjects.flatMap((subject) => [...(this.#waiting.get(subject) ?? [])]);
    for (const call of taken) this.leave(call);
    const { callAgeingMs } = this.#limits;
    const turnOf = ({ begunAt, frame }: BrokerCall) => begunAt - frame.priority * callAgeingMs;
    return taken.sort((a, b) => turnOf(a) - turnOf(b));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #end(): void {
    // The clock may say that it is not over yet, and others come.
    this.#timer = undefined;
    const calls = [...this.#waiting.values()].flatMap((same) => [...same]);
    for (const call of calls) {
      // What became of one may have ended another.
      if (call.over) continue;
      this.leave(call);
      this.#over(call);
    }
  }
}
