import type { ConsumerState } from '../../routing/consumers/consumer-state.js';
import type { StreamLog } from '../../streams/stream-log.js';
import { keepCursor } from './consumer-notes.js';

/** A changed cursor is kept after this time, or this many changes. */
const KEEP_MS = 50;
const KEEP_CHANGES = 2_000;

/** Keeps the cursor of a consumer with its stream, shortly after it has changed. */
export class CursorKeeping {
  readonly #log: StreamLog<unknown>;
  readonly #state: ConsumerState;
  #revision: number;
  #keptMs = 0;

  /** The cursor as it is now is kept already. */
  constructor(log: StreamLog<unknown>, state: ConsumerState) {
    this.#log = log;
    this.#state = state;
    this.#revision = state.revision;
  }

  /** When it has to be kept; Infinity while it is. Unix time in milliseconds. */
  get dueMs(): number {
    return this.#state.revision === this.#revision ? Number.POSITIVE_INFINITY : this.#keptMs + KEEP_MS;
  }

  keepIfDue(nowMs: number): void {
    if (nowMs < this.dueMs && this.#state.revision - this.#revision < KEEP_CHANGES) return;
    this.#keptMs = nowMs;
    this.keep();
    this.#log.commit();
  }

  /** Has it written with the stream's next write. */
  keep(): void {
    if (this.#state.revision === this.#revision) return;
    this.#revision = this.#state.revision;
    keepCursor(this.#log, this.#state.config.name, this.#state.snapshot());
  }
}
