import { ModwireError } from '../errors.js';
import type { Mark, StreamStore, SubjectState } from './stream-store.js';

/** Subjects of late whose state is at hand. */
const MAX_LIVE = 65_536;
/** Looked at for each that comes in beyond the bound. */
const LOOKED_AT = 4;

/** A record that its subject still has, in a stream that bounds their number; it has a block of its own. */
export interface HeldRecord {
  readonly offset: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Of its block. */
  readonly bytes: number;
}

/** A subject with the records that wait. */
export interface LiveSubject {
  readonly text: string;
  readonly id: number;
  /** Without those that wait; undefined before its first record is stored. */
  kept: SubjectState | undefined;
  /** Of its last record. */
  state: SubjectState;
  /** Records that are not stored yet. */
  waiting: number;
  /** The mark of its last record. Its block is known when that is finished. */
  mark: { -readonly [Key in keyof Mark]: Mark[Key] } | undefined;
  /** First offset of the block that `mark` belongs to. */
  markedIn: number;
  /** Oldest first; undefined where their number has no bound. */
  readonly held: HeldRecord[] | undefined;
}

/** The subjects of a stream that are in use, over the store that has all of them. */
export class LiveSubjects {
  readonly #store: StreamStore;
  readonly #stream: string;
  readonly #maxSubjects: number;
  readonly #isHolding: boolean;
  readonly #live = new Map<string, LiveSubject>();
  /** The number that was given out last. */
  #lastId: number;

  constructor(store: StreamStore, stream: string, maxSubjects: number, isHolding: boolean, lastId: number) {
    this.#store = store;
    this.#stream = stream;
    this.#maxSubjects = maxSubjects;
    this.#isHolding = isHolding;
    this.#lastId = lastId;
  }

  /** That the stream has ever had records of, with those that wait. */
  get count(): number {
    return this.#lastId;
  }

  /** A subject that is to get a record. Throws RESOURCE_EXHAUSTED for a new one at the bound. */
  of(text: string): LiveSubject {
    const live = this.find(text);
    if (live !== undefined) return live;
    if (this.#lastId >= this.#maxSubjects) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too many subjects in a stream',
        expected: `at most maxStreamSubjects = ${this.#maxSubjects}`,
        where: `stream ${this.#stream}, subject ${text}`,
        advice: 'raise maxStreamSubjects, or use fewer subjects',
      });
    }
    const state = { id: ++this.#lastId, epoch: 0, sequence: 0, offset: 0 };
    return this.#add(text, undefined, state);
  }

  /** A subject that has records, or had some. */
  find(text: string): LiveSubject | undefined {
    const live = this.#live.get(text);
    if (live !== undefined) return live;
    const kept = this.#store.subject(text);
    return kept && this.#add(text, kept, kept);
  }

  /** Without bringing it in. */
  keptState(text: string): SubjectState | undefined {
    const live = this.#live.get(text);
    return live === undefined ? this.#store.subject(text) : live.kept;
  }

  /** What was written of a subject is stored. */
  settle(text: string, state: SubjectState): void {
    this.#live.get(text)!.kept = state;
  }

  /** A record of a block that goes. */
  forgetRecord(text: string, offset: number): void {
    const held = this.#live.get(text)?.held;
    const index = held?.findIndex((record) => record.offset === offset) ?? -1;
    if (index >= 0) held!.splice(index, 1);
  }

  /** Everything that waited is taken back. */
  reset(lastId: number): void {
    this.#live.clear();
    this.#lastId = lastId;
  }

  #add(text: string, kept: SubjectState | undefined, state: SubjectState): LiveSubject {
    this.#makeRoom();
    const held = this.#isHolding ? this.#heldBy(state.id) : undefined;
    const live = { text, id: state.id, kept, state, waiting: 0, mark: undefined, markedIn: 0, held };
    this.#live.set(text, live);
    return live;
  }

  #makeRoom(): void {
    if (this.#live.size < MAX_LIVE) return;
    let left = LOOKED_AT;
    for (const [text, live] of this.#live) {
      if (left-- === 0) return;
      this.#live.delete(text);
      if (live.waiting === 0) return;
      // What waits is nowhere else: behind the others.
      this.#live.set(text, live);
    }
  }

  #heldBy(id: number): HeldRecord[] {
    const held: HeldRecord[] = [];
    let mark = this.#store.markFrom(id, 0, 0);
    while (mark !== undefined) {
      const { epoch, sequence, block } = mark;
      const stored = this.#store.block(block);
      if (stored?.lastOffset === block) {
        held.push({ offset: block, epoch, sequence, bytes: stored.bytes.length });
      }
      mark = this.#store.markFrom(id, epoch, sequence + 1);
    }
    // Those that nobody has counted lie apart from the others in the order of the marks.
    return held.sort((one, other) => one.offset - other.offset);
  }
}
