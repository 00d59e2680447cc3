import { ModwireError } from '../errors.js';
import { onAbort, throwIfAborted } from './abort.js';

interface Waiting<Answer> {
  readonly mark: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: ModwireError) => void;
}

/** Those who wait for an answer of the broker, by key. Each gets exactly one: the answer or an error. */
export class PendingAnswers<Key, Answer> {
  readonly #what: string;
  readonly #timeoutMs: number;
  readonly #changed: () => void;
  readonly #waiting = new Map<Key, Waiting<Answer>>();

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
      const timer = setTimeout(() => {
        const error = new ModwireError('DEADLINE_EXCEEDED', {
          what: `no ${this.#what}`,
          expected: `one within ${this.#timeoutMs} ms`,
          got: 'none',
        });
        this.reject(key, error);
      }, this.#timeoutMs);
      const offAbort = onAbort(signal, (error) => this.reject(key, error));
      const settle = () => {
        clearTimeout(timer);
        offAbort();
        this.#waiting.delete(key);
        if (this.size === 0) this.#changed();
      };
      this.#waiting.set(key, {
        mark,
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      if (this.size === 1) this.#changed();
    });
  }

  /** False when nobody waits under this key. */
  resolve(key: Key, answer: Answer): boolean {
    const waiting = this.#waiting.get(key);
    waiting?.resolve(answer);
    return waiting !== undefined;
  }

  /** False when nobody waits under this key. */
  reject(key: Key, error: ModwireError): boolean {
    const waiting = this.#waiting.get(key);
    waiting?.reject(error);
    return waiting !== undefined;
  }

  /** Rejects all whose mark is not beyond `upTo`. */
  rejectAll(error: ModwireError, upTo = Number.POSITIVE_INFINITY): void {
    for (const waiting of [...this.#waiting.values()]) if (waiting.mark <= upTo) waiting.reject(error);
  }
}
