import { ModwireError } from '../errors.js';
import { onAbort, throwIfAborted } from './abort.js';

interface Waiter {
  readonly isMet: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: ModwireError) => void;
}

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long nothing may move; for ever without. Milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** What somebody waits for. */
export interface Condition {
  /** For people: "ready to publish". */
  readonly what: string;
  readonly isMet: () => boolean;
  /** A number that changes while there is progress. */
  readonly progress: () => number;
}

/** Those who wait until something is so. */
export class ConditionWaiters {
  readonly #waiting = new Set<Waiter>();
  readonly #changed: () => void;

  /** `changed` is told when somebody begins to wait, and when nobody waits any more. */
  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Rejects with CANCELLED when the signal fires, with DEADLINE_EXCEEDED when nothing moves for too long. */
  wait({ what, isMet, progress }: Condition, options: WaitOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      throwIfAborted(options.signal);
      if (isMet()) {
        resolve();
        return;
      }
      const { timeoutMs } = options;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const watch = (ms: number) => {
        const before = progress();
        timer = setTimeout(() => {
          if (progress() === before) waiter.reject(late(what, ms));
          else watch(ms);
        }, ms);
      };
      const offAbort = onAbort(options.signal, (error) => waiter.reject(error));
      const settle = () => {
        clearTimeout(timer);
        offAbort();
        this.#waiting.delete(waiter);
        if (this.size === 0) this.#changed();
      };
      const waiter: Waiter = {
        isMet,
        resolve: () => {
          settle();
          resolve();
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      if (timeoutMs !== undefined) watch(timeoutMs);
      this.#waiting.add(waiter);
      if (this.size === 1) this.#changed();
    });
  }

  /** Lets those go on for whom it is so by now. */
  check(): void {
    for (const waiter of this.#waiting) if (waiter.isMet()) waiter.resolve();
  }

  rejectAll(error: ModwireError): void {
    for (const waiter of this.#waiting) waiter.reject(error);
  }
}

function late(what: string, timeoutMs: number): ModwireError {
  return new ModwireError('DEADLINE_EXCEEDED', {
    what: `not ${what}`,
    expected: `progress within ${timeoutMs} ms`,
    got: 'none: no room in the window that the broker grants, or no connection',
  });
}
