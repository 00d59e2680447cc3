import type { StreamStore } from './stream-store.js';

/** Apart from what the log and the store keep for themselves. */
const PREFIX = 'note/';

/** Small things that others keep with a stream, such as how far a consumer has come: by name, all at hand. */
export class LogNotes {
  readonly #notes = new Map<string, Uint8Array>();
  /** Since the last write. */
  #changed = new Map<string, Uint8Array | undefined>();

  constructor(store: StreamStore) {
    for (const [name, bytes] of store.notes(PREFIX))
      this.#notes.set(name.slice(PREFIX.length), bytes.slice());
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0;
  }

  get(name: string): Uint8Array | undefined {
    return this.#notes.get(name);
  }

  names(): string[] {
    return [...this.#notes.keys()];
  }

  /** Takes the bytes as they are: nobody changes them. */
  set(name: string, bytes: Uint8Array | undefined): void {
    if (bytes === undefined) this.#notes.delete(name);
    else this.#notes.set(name, bytes);
    this.#changed.set(PREFIX + name, bytes);
  }

  /** What has changed, to be written. */
  take(): Map<string, Uint8Array | undefined> {
    const taken = this.#changed;
    this.#changed = new Map();
    return taken;
  }

  /** It was not written, and is still to be, unless it has changed again. */
  putBack(taken: ReadonlyMap<string, Uint8Array | undefined>): void {
    this.#changed = new Map([...taken, ...this.#changed]);
  }
}
