import { type ModwireError, toModwireError } from '../../errors.js';
import { HeapNode, IndexedHeap } from '../../routing/calls/indexed-heap.js';

/** Somebody who is sent records of a stream as long as there are some, and room for them. */
export interface Pump {
  /** Does a turn's share of the work. True when there is more to be done at once. Unix time in milliseconds. */
  advance(nowMs: number): boolean;
  /** When it has to have a turn even if nothing happens; Infinity for never. Unix time in milliseconds. */
  readonly dueMs: number;
  /** A turn could not be done: whoever is sent records is told why, and gets no more. */
  fail(error: ModwireError): void;
  /** The stream is about to go: the same, for good. */
  end(error: ModwireError): void;
}

/** Longest time that a timer takes. Milliseconds. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Gives those who are sent records their turns: one after another, and other work of the broker between. */
export class Turns {
  readonly #nowMs: () => number;
  readonly #byStream = new Map<string, Set<Pump>>();
  readonly #waiting = new Set<Pump>();
  readonly #alarms = new IndexedHeap<Pump>();
  readonly #nodes = new Map<Pump, HeapNode<Pump>>();
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  /** `nowMs` is Unix time. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  enlist(stream: string, pump: Pump): void {
    const pumps = this.#byStream.get(stream);
    if (pumps === undefined) this.#byStream.set(stream, new Set([pump]));
    else pumps.add(pump);
    this.wake(pump);
  }

  /** It has no turns any more. */
  dismiss(stream: string, pump: Pump): void {
    const pumps = this.#byStream.get(stream);
    if (pumps?.delete(pump) && pumps.size === 0) this.#byStream.delete(stream);
    this.#waiting.delete(pump);
    this.#setAlarm(pump, Number.POSITIVE_INFINITY);
  }

  /** Something has happened that lets it go on. */
  wake(pump: Pump): void {
    this.#waiting.add(pump);
    this.#schedule();
  }

  /** A stream has got records. */
  stored(stream: string): void {
    for (const pump of this.#byStream.get(stream) ?? []) this.wake(pump);
  }

  /** A stream is about to go. */
  endAll(stream: string, error: ModwireError): void {
    for (const pump of [...(this.#byStream.get(stream) ?? [])]) pump.end(error);
  }

  /** Nobody has a turn any more. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#scheduled || this.#isClosed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#run();
    });
  }

  #run(): void {
    if (this.#isClosed) return;
    const nowMs = this.#nowMs();
    const pumps = [...this.#waiting];
    this.#waiting.clear();
    for (const pump of pumps) {
      try {
        if (pump.advance(nowMs)) this.#waiting.add(pump);
        this.#setAlarm(pump, pump.dueMs);
      } catch (thrown) {
        // The store cannot be read: what else it does is not affected.
        pump.fail(toModwireError(thrown));
      }
    }
    if (this.#waiting.size > 0) this.#schedule();
    this.#arm();
  }

  #setAlarm(pump: Pump, dueMs: number): void {
    const node = this.#nodes.get(pump);
    if (node?.key === dueMs) return;
    if (node !== undefined) {
      this.#alarms.delete(node);
      this.#nodes.delete(pump);
    }
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const next = new HeapNode(pump, dueMs, 0);
    this.#alarms.add(next);
    this.#nodes.set(pump, next);
  }

  /** One timer for all: it rings for the earliest. */
  #arm(): void {
    const dueMs = this.#alarms.first?.key ?? Number.POSITIVE_INFINITY;
    if (dueMs === this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = dueMs;
    if (dueMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(MAX_TIMER_MS, Math.max(0, dueMs - this.#nowMs()));
    this.#timer = setTimeout(() => this.#ring(), delayMs);
    this.#timer.unref();
  }

  #ring(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
    const nowMs = this.#nowMs();
    for (const { item, key } of this.#alarms.nodes) if (key <= nowMs) this.#waiting.add(item);
    this.#run();
  }
}
