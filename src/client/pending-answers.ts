import { ModwireError } from '../errors.js';
import { onAbort, throwIfAborted } from './abort.js';

interface Waiting<Answer> {
  readonly mark: number;
  /** By the clock of `performance.now`. */
  readonly deadlineMs: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: ModwireError) => void;
  readonly offAbort: () => void;
}

/**
 * Those who wait for an answer of the broker, by key. Each gets exactly one: the answer or an error. All have the same time, so
 * they are late in the order in which they came, and one timer does for all.
 */
export class PendingAnswers<Key, Answer> {
  readonly #what: string;
  readonly #timeoutMs: number;
  readonly #changed: () => void;
  readonly #waiting = new Map<Key, Waiting<Answer>>();
  /** Set while somebody waits, for whoever was the first when it was. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `what` names the answer in errors; `changed` is told when somebody begins to wait, and when nobody does any more. */
  constructor(what: string, timeoutMs: number, changed: () => void = () => undefined) {
    this.#what = what;
    this.#timeoutMs = timeoutMs;
    this.#changed = changed;
  }

  /** Whether somebody waits under this key. */
  has(key: Key): boolean {
    return this.#waiting.has(key);
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Rejects with DEADLINE_EXCEEDED when no answer comes in time, with CANCELLED when the signal fires. Nobody else may
   * wait under this key. `mark` is the question's place in the order of sending.
   */
  wait(key: Key, signal?: AbortSignal, mark = 0): Promise<Answer> {
    throwIfAborted(signal);
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + this.#timeoutMs;
      const offAbort = onAbort(signal, (error) => this.reject(key, error));
      this.#waiting.set(key, { mark, deadlineMs, resolve, reject, offAbort });
      this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
      if (this.size === 1) this.#changed();
    });
  }

  /** False when nobody waits under this key. */
  resolve(key: Key, answer: Answer): boolean {
    const waiting = this.#take(key);
    waiting?.resolve(answer);
    return waiting !== undefined;
  }

  /** False when nobody waits under this key. */
  reject(key: Key, error: ModwireError): boolean {
    const waiting = this.#take(key);
    waiting?.reject(error);
    return waiting !== undefined;
  }

  /** Rejects all whose mark is not beyond `upTo`. */
  rejectAll(error: ModwireError, upTo = Number.POSITIVE_INFINITY): void {
    for (const [key, { mark }] of [...this.#waiting]) if (mark <= upTo) this.reject(key, error);
  }

  #take(key: Key): Waiting<Answer> | undefined {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return undefined;
    this.#waiting.delete(key);
    waiting.offAbort();
    if (this.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#changed();
    }
    return waiting;
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = performance.now();
    for (const [key, { deadlineMs }] of this.#waiting) {
      if (deadlineMs > nowMs) {
        this.#timer = setTimeout(() => this.#expire(), Math.ceil(deadlineMs - nowMs));
        return;
      }
      this.reject(
        key,
        new ModwireError('DEADLINE_EXCEEDED', {
          what: `no ${this.#what}`,
          expected: `one within ${this.#timeoutMs} ms`,
          got: 'none',
        }),
      );
    }
  }
}
