import type { Memory } from '../codec/memory.js';
import type { Totals } from './log-totals.js';
import type { StreamStore, SubjectState } from './stream-store.js';

/** Records of one block, each checked, in their order. The bytes are valid until this turn of the event loop ends. */
export interface ReadBlock {
  readonly memory: Memory;
  readonly offsets: readonly number[];
  /** Where the frame of each record begins and ends in `memory`. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Where to read on. */
  readonly nextOffset: number;
}

/** What is read, and how far it is there. */
export interface LogSource {
  readonly stream: string;
  readonly store: StreamStore;
  /** Of what is stored. */
  totals(): Readonly<Totals>;
  stateOf(subject: string): SubjectState | undefined;
}
