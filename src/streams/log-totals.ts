import { Memory, readU64, writeU64 } from '../codec/memory.js';
import { kernels } from '../native/kernels.js';
import { BlockReader } from './block-reader.js';
import type { StreamStore } from './stream-store.js';

/** What a stream holds in all. */
export interface Totals {
  /** That can be read: those at `firstOffset` and behind it. */
  records: number;
  /** Of their blocks. */
  bytes: number;
  /** No record before it is there any more; those that blocks still have are skipped. */
  firstOffset: number;
  /** Of the last record that was ever stored; 0 before the first. */
  lastOffset: number;
  /** That it has ever had records of; the last one has this number. */
  subjects: number;
}

/** Under which name the totals are among the notes. */
export const TOTALS_NOTE = 'totals';

const FORMAT = 1;
const FIELDS = ['records', 'bytes', 'firstOffset', 'lastOffset', 'subjects'] as const;
const FIELDS_AT = 8;
const TOTALS_BYTES = FIELDS_AT + 8 * FIELDS.length;

/** Format, check of all that follows, and each number in 64 bits. */
export function encodeTotals(totals: Totals): Uint8Array {
  const memory = Memory.allocate(TOTALS_BYTES);
  memory.data.setUint32(0, FORMAT, true);
  FIELDS.forEach((name, index) => {
    writeU64(memory.data, FIELDS_AT + 8 * index, totals[name]);
  });
  memory.data.setUint32(4, kernels().crc32c(memory.u8, FIELDS_AT, TOTALS_BYTES), true);
  return memory.u8;
}

/** The totals of a stream as they were written with its last change; counted anew when they are damaged. */
export function readTotals(store: StreamStore): Totals {
  const note = store.notes(TOTALS_NOTE).get(TOTALS_NOTE);
  if (note === undefined && store.lastBlock() === undefined) {
    return { records: 0, bytes: 0, firstOffset: 1, lastOffset: 0, subjects: 0 };
  }
  return (note && decodeTotals(note)) ?? recount(store, 1);
}

function decodeTotals(note: Uint8Array): Totals | undefined {
  const { data, u8, length } = new Memory(note);
  if (length !== TOTALS_BYTES || data.getUint32(0, true) !== FORMAT) return undefined;
  if (data.getUint32(4, true) !== kernels().crc32c(u8, FIELDS_AT, TOTALS_BYTES)) return undefined;
  const [records, bytes, firstOffset, lastOffset, subjects] = FIELDS.map((_, index) =>
    readU64(data, FIELDS_AT + 8 * index),
  ) as [number, number, number, number, number];
  return { records, bytes, firstOffset, lastOffset, subjects };
}

/** Looks at the head of every block; those that are damaged have no records. */
export function recount(store: StreamStore, firstOffset: number): Totals {
  const reader = new BlockReader();
  const totals: Totals = { records: 0, bytes: 0, firstOffset, lastOffset: firstOffset - 1, subjects: 0 };
  for (let next = firstOffset; ; next = totals.lastOffset + 1) {
    const block = store.block(next);
    if (block === undefined) break;
    totals.bytes += block.bytes.length;
    if (reader.reset(block.bytes) === undefined)
      totals.records += reader.count - reader.indexFrom(firstOffset);
    totals.lastOffset = block.lastOffset;
  }
  store.visitSubjects((_, { id, offset }) => {
    totals.subjects = Math.max(totals.subjects, id);
    totals.lastOffset = Math.max(totals.lastOffset, offset);
    return true;
  });
  return totals;
}
