import type { Mark, StoreChange, StoredBlock, StreamStore, SubjectState } from './stream-store.js';

/** Keys of blocks that are gone are swept out when there are more than this, and more than of those that are there. */
const MIN_SWEPT = 64;

/** A stream in memory: it lives as long as the broker. */
export class MemoryStore implements StreamStore {
  readonly continuous = false;
  readonly #blocks = new Map<number, StoredBlock>();
  /** Of blocks, ascending; some may be gone. The first `#gone` are. */
  #keys: number[] = [];
  #gone = 0;
  #blockBytes = 0;
  readonly #subjects = new Map<string, SubjectState>();
  /** In the order of the texts; undefined when it has to be made anew. */
  #texts: string[] | undefined;
  /** Of each subject, in the order of its count. */
  readonly #marks = new Map<number, Mark[]>();
  readonly #notes = new Map<string, Uint8Array>();

  /** It copies what it is given. */
  async write(change: StoreChange): Promise<void> {
    const { blocks, removedBlocks, subjects, removedSubjects, marks, removedMarks, notes } = change;
    for (const offset of removedBlocks ?? []) this.#removeBlock(offset);
    for (const block of blocks ?? []) this.#putBlock(block);
    for (const text of removedSubjects ?? []) if (this.#subjects.delete(text)) this.#texts = undefined;
    for (const [text, state] of subjects ?? []) {
      if (!this.#subjects.has(text)) this.#texts = undefined;
      this.#subjects.set(text, state);
    }
    for (const mark of removedMarks ?? []) this.#removeMark(mark);
    for (const mark of marks ?? []) this.#putMark(mark);
    for (const [name, bytes] of notes ?? []) {
      if (bytes === undefined) this.#notes.delete(name);
      else this.#notes.set(name, bytes.slice());
    }
  }

  block(offset: number): StoredBlock | undefined {
    const keys = this.#keys;
    for (let at = lowerBound(keys, (key) => key < offset, this.#gone); at < keys.length; at++) {
      const block = this.#blocks.get(keys[at]!);
      if (block !== undefined) return block;
    }
    return undefined;
  }

  lastBlock(): StoredBlock | undefined {
    for (let at = this.#keys.length - 1; at >= this.#gone; at--) {
      const block = this.#blocks.get(this.#keys[at]!);
      if (block !== undefined) return block;
    }
    return undefined;
  }

  subject(text: string): SubjectState | undefined {
    return this.#subjects.get(text);
  }

  visitSubjects(visit: (text: string, state: SubjectState) => boolean): void {
    this.#texts ??= [...this.#subjects.keys()].sort();
    for (const text of this.#texts) if (!visit(text, this.#subjects.get(text)!)) return;
  }

  markFrom(subject: number, epoch: number, sequence: number): Mark | undefined {
    const marks = this.#marks.get(subject);
    return marks?.[placeOf(marks, epoch, sequence)];
  }

  notes(prefix: string): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#notes].filter(([name]) => name.startsWith(prefix)).sort(byName));
  }

  get storedBytes(): number {
    return this.#blockBytes;
  }

  async close(): Promise<void> {}

  #putBlock({ lastOffset, bytes }: StoredBlock): void {
    const keys = this.#keys;
    this.#removeBlock(lastOffset);
    this.#blocks.set(lastOffset, { lastOffset, bytes: bytes.slice() });
    this.#blockBytes += bytes.length;
    if (keys.length === 0 || lastOffset > keys[keys.length - 1]!) {
      keys.push(lastOffset);
      return;
    }
    const at = lowerBound(keys, (key) => key < lastOffset);
    if (keys[at] !== lastOffset) keys.splice(at, 0, lastOffset);
    this.#gone = Math.min(this.#gone, at);
  }

  #removeBlock(lastOffset: number): void {
    const block = this.#blocks.get(lastOffset);
    if (block === undefined) return;
    this.#blocks.delete(lastOffset);
    this.#blockBytes -= block.bytes.length;
    while (this.#gone < this.#keys.length && !this.#blocks.has(this.#keys[this.#gone]!)) this.#gone++;
    if (this.#keys.length - this.#blocks.size <= Math.max(MIN_SWEPT, this.#blocks.size)) return;
    this.#keys = this.#keys.filter((key) => this.#blocks.has(key));
    this.#gone = 0;
  }

  #putMark(mark: Mark): void {
    const marks = this.#marks.get(mark.subject);
    if (marks === undefined) {
      this.#marks.set(mark.subject, [mark]);
      return;
    }
    const at = placeOf(marks, mark.epoch, mark.sequence);
    const isThere = marks[at]?.epoch === mark.epoch && marks[at].sequence === mark.sequence;
    marks.splice(at, isThere ? 1 : 0, { ...mark });
  }

  #removeMark({ subject, epoch, sequence }: Omit<Mark, 'block'>): void {
    const marks = this.#marks.get(subject);
    if (marks === undefined) return;
    const at = placeOf(marks, epoch, sequence);
    if (marks[at]?.epoch !== epoch || marks[at].sequence !== sequence) return;
    marks.splice(at, 1);
    if (marks.length === 0) this.#marks.delete(subject);
  }
}

/** Index of the first mark at or after a place in the count. */
function placeOf(marks: readonly Mark[], epoch: number, sequence: number): number {
  return lowerBound(
    marks,
    (mark) => mark.epoch < epoch || (mark.epoch === epoch && mark.sequence < sequence),
  );
}

/** Index of the first that is not before, in a list where none before is behind one that is not. */
function lowerBound<Item>(list: readonly Item[], isBefore: (item: Item) => boolean, from = 0): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function byName([one]: [string, Uint8Array], [other]: [string, Uint8Array]): number {
  return one < other ? -1 : 1;
}
