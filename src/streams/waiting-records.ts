import { FrameVerifier } from '../codec/frame-verifier.js';
import type { FrameView } from '../codec/frame-view.js';
import { positionOf } from './block-marks.js';
import { BlockSlab } from './block-slab.js';
import type { LiveSubject } from './live-subjects.js';
import type { Mark } from './stream-store.js';

/** Records that were gathered in one piece of memory, with what was given with each. */
export interface WaitingBatch<Entry> {
  readonly slab: BlockSlab;
  readonly entries: Entry[];
  readonly subjects: LiveSubject[];
  /** Their blocks are known once they are finished; where each record has a block of its own, one mark a record. */
  readonly marks: { -readonly [Key in keyof Mark]: Mark[Key] }[];
}

/** Records that are not stored yet, in the order of their offsets. */
export class WaitingRecords<Entry> {
  readonly #isSingle: boolean;
  readonly #verifier = new FrameVerifier();
  /** Oldest first; what is written at present too. */
  readonly #batches: WaitingBatch<Entry>[] = [];
  /** Batches that are written at present: the first ones. */
  #written = 0;
  #bytes = 0;
  #count = 0;

  /** `isSingle`: each record has a block of its own. */
  constructor(isSingle: boolean) {
    this.#isSingle = isSingle;
  }

  /** Of all frames that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#count;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Whether some have gathered that nobody writes yet. */
  get hasGathered(): boolean {
    return this.#batches.length > this.#written;
  }

  /** Takes a copy of a frame as the record with the next offset, and moves its subject on. */
  append(frame: FrameView, offset: number, subject: LiveSubject, entry: Entry): void {
    let batch = this.hasGathered ? this.#batches[this.#batches.length - 1] : undefined;
    if (batch === undefined || !batch.slab.append(frame)) {
      const slab = new BlockSlab(offset, frame.byteLength, this.#isSingle);
      slab.append(frame);
      batch = { slab, entries: [], subjects: [], marks: [] };
      this.#batches.push(batch);
    }
    batch.entries.push(entry);
    batch.subjects.push(subject);
    this.#bytes += frame.byteLength;
    this.#count++;
    const { epoch, sequence } = positionOf(frame, offset);
    const block = this.#isSingle ? offset : batch.slab.firstOffset;
    const { mark } = subject;
    if (mark !== undefined && subject.markedIn === block && mark.epoch === epoch) mark.sequence = sequence;
    else {
      subject.mark = { subject: subject.id, epoch, sequence, block };
      subject.markedIn = block;
      batch.marks.push(subject.mark);
    }
    const { id, state } = subject;
    // What nobody has counted does not count for those that are.
    const isCounted = epoch > 0 || state.epoch === 0;
    subject.state = isCounted ? { id, epoch, sequence, offset } : { ...state, offset };
    subject.waiting++;
  }

  /** All that have gathered: they are written from now on. */
  take(): readonly WaitingBatch<Entry>[] {
    const taken = this.#batches.slice(this.#written);
    this.#written = this.#batches.length;
    return taken;
  }

  /** What was taken is stored. */
  settle(): void {
    for (const { slab, subjects } of this.#batches.splice(0, this.#written)) {
      for (const subject of subjects) subject.waiting--;
      this.#count -= slab.count;
      slab.starts.forEach((start, index) => {
        this.#bytes -= slab.ends[index]! - start;
      });
    }
    this.#written = 0;
  }

  /** Everything that waits is taken back. Returns what was given with it, in order. */
  takeBack(): Entry[] {
    const entries = this.#batches.splice(0).flatMap((batch) => batch.entries);
    this.#written = 0;
    this.#bytes = 0;
    this.#count = 0;
    return entries;
  }

  /** Points a view at a record that waits. False when there is none with this offset. */
  view(offset: number, frame: FrameView): boolean {
    const batch = this.#batches.findLast(({ slab }) => slab.firstOffset <= offset);
    const index = offset - (batch?.slab.firstOffset ?? 0);
    if (batch === undefined || index >= batch.slab.count) return false;
    const { memory, starts, ends } = batch.slab;
    return this.#verifier.verify(memory, starts[index]!, ends[index]!, frame);
  }
}
