/** Consumed entries are cut off when there are this many, and no fewer than the others. */
const COMPACT_AFTER = 1024;

/** Something between records that happens when it is its turn: an error is thrown, a loss told. */
export class InTurn {
  readonly act: () => void;

  constructor(act: () => void) {
    this.act = act;
  }
}

/** Records that wait for a taker, first in, first out, and what happens between them. */
export class RecordQueue<Item extends object> {
  #entries: (Item | InTurn)[] = [];
  #head = 0;
  #ended = false;
  #waiting: Array<() => void> = [];
  readonly #changed: () => void;

  /** `changed` is told when somebody begins to wait, and when nobody does any more. */
  constructor(changed: () => void = () => undefined) {
    this.#changed = changed;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** Whether nothing more comes. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether somebody waits. */
  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  push(entry: Item | InTurn): void {
    if (this.#ended) return;
    this.#entries.push(entry);
    this.#wake();
  }

  /** What is queued can still be taken; then the error is thrown, if there is one. */
  end(error?: Error): void {
    if (error !== undefined) {
      const fail = () => {
        throw error;
      };
      this.push(new InTurn(fail));
    }
    this.#ended = true;
    this.#wake();
  }

  /** Takes out all that waits. */
  clear(): (Item | InTurn)[] {
    const entries = this.#head === 0 ? this.#entries : this.#entries.slice(this.#head);
    this.#entries = [];
    this.#head = 0;
    return entries;
  }

  /** The next record; undefined when there is none at present. Throws what happens before it. */
  shift(): Item | undefined {
    for (;;) {
      const entry = this.#entries[this.#head];
      if (entry === undefined) return undefined;
      this.#head++;
      if (this.#head >= COMPACT_AFTER && this.#head * 2 >= this.#entries.length) this.#entries = this.clear();
      if (!(entry instanceof InTurn)) return entry;
      entry.act();
    }
  }

  /** All records up to the next thing that happens between them. Throws what happens before the first. */
  shiftAll(): Item[] {
    const first = this.shift();
    if (first === undefined) return [];
    const entries = this.clear();
    const end = entries.findIndex((entry) => entry instanceof InTurn);
    if (end >= 0) this.#entries = entries.splice(end);
    entries.unshift(first);
    return entries as Item[];
  }

  /** Waits until there is something to take. False at the end. */
  async filled(): Promise<boolean> {
    while (this.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        if (this.#waiting.length === 1) this.#changed();
      });
    }
    return this.length > 0;
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#changed();
    for (const resolve of waiting) resolve();
  }
}
