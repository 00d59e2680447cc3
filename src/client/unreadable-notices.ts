import type { Unreadable } from './client-events.js';

/** Pairs of subject and schema that are remembered as told; beyond it the oldest is forgotten, and told again. */
const MAX_TOLD = 4096;

/** Tells of frames that cannot be read, once for each subject and schema. */
export class UnreadableNotices {
  readonly #emit: (what: Unreadable) => void;
  readonly #told = new Set<string>();

  constructor(emit: (what: Unreadable) => void) {
    this.#emit = emit;
  }

  tell(what: Unreadable): void {
    // No subject has a space in it.
    const key = `${what.schemaId ?? ''} ${what.subject}`;
    if (this.#told.has(key)) return;
    if (this.#told.size >= MAX_TOLD) {
      for (const oldest of this.#told) {
        this.#told.delete(oldest);
        break;
      }
    }
    this.#told.add(key);
    this.#emit(what);
  }
}
