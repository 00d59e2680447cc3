import { BlockRemoval, newestMicros } from './block-removal.js';
import type { LiveSubjects } from './live-subjects.js';
import type { Totals } from './log-totals.js';
import { dueOf, isOverBound, type Retention } from './retention.js';
import type { Mark, StoreChange, StoredBlock, StreamStore, SubjectState } from './stream-store.js';
import type { WaitingBatch } from './waiting-records.js';

export interface LogChangeParts {
  readonly store: StreamStore;
  readonly subjects: LiveSubjects;
  readonly retention: Retention;
}

/** A write of records, with what goes for them. */
export interface LogChange {
  readonly change: StoreChange & { readonly subjects: ReadonlyMap<string, SubjectState> };
  readonly removal: BlockRemoval;
}

/** What is written for records that have waited, after `totals`. With `isHeld` nothing goes for them. */
export function changeOf(
  { store, subjects, retention }: LogChangeParts,
  batches: readonly WaitingBatch<unknown>[],
  totals: Readonly<Totals>,
  nowMicros: number,
  isHeld: boolean,
): LogChange {
  const removal = new BlockRemoval(store, subjects, totals);
  const after = removal.totals;
  const blocks: StoredBlock[] = [];
  const marks: Mark[] = [];
  const states = new Map<string, SubjectState>();
  const isSingle = retention.maxPerSubject > 0;
  for (const batch of batches) {
    const { slab } = batch;
    const finished = slab.finish();
    if (!isSingle) for (const mark of batch.marks) mark.block = finished[0]!.lastOffset;
    for (const subject of batch.subjects) states.set(subject.text, subject.state);
    for (const block of finished) after.bytes += block.bytes.length;
    after.records += slab.count;
    after.lastOffset = slab.firstOffset + slab.count - 1;
    blocks.push(...finished);
    marks.push(...batch.marks);
    if (isSingle) hold(batch, finished);
  }
  after.subjects = subjects.count;
  const superseded = new Set<number>();
  if (!isHeld) {
    if (isSingle) supersede(batches, retention.maxPerSubject, totals.lastOffset, removal, superseded);
    if (isOverBound(after, retention)) {
      removal.removeOldest(totals.lastOffset, (reader, records) =>
        dueOf({ records, newestMicros: newestMicros(reader) }, after, retention, nowMicros),
      );
    }
  }
  const { removedBlocks, removedMarks } = removal.change;
  const isLeft = (offset: number) => !superseded.has(offset);
  const change = {
    blocks: isSingle ? blocks.filter(({ lastOffset }) => isLeft(lastOffset)) : blocks,
    marks: isSingle ? marks.filter(({ block }) => isLeft(block)) : marks,
    ...{ removedBlocks, removedMarks, subjects: states },
  };
  return { change, removal };
}

/** The records of a batch are held by their subjects; each has a block and a mark of its own. */
function hold({ subjects, marks }: WaitingBatch<unknown>, blocks: readonly StoredBlock[]): void {
  subjects.forEach(({ held }, index) => {
    const { epoch, sequence } = marks[index]!;
    const { lastOffset: offset, bytes } = blocks[index]!;
    held!.push({ offset, epoch, sequence, bytes: bytes.length });
  });
}

/** Those that a subject has too many of go, the oldest first. What comes and goes with one write is not written. */
function supersede(
  batches: readonly WaitingBatch<unknown>[],
  maxPerSubject: number,
  lastStored: number,
  removal: BlockRemoval,
  superseded: Set<number>,
): void {
  for (const subject of new Set(batches.flatMap((batch) => batch.subjects))) {
    const held = subject.held!;
    for (const record of held.splice(0, Math.max(0, held.length - maxPerSubject))) {
      if (record.offset <= lastStored) removal.removeHeld(subject, record);
      else {
        superseded.add(record.offset);
        removal.totals.records--;
        removal.totals.bytes -= record.bytes;
      }
    }
  }
}
