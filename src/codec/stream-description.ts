/** Which frames of its subjects a stream keeps; `reply` means replies and the errors that end a request. */
export type CapturedKind = 'message' | 'request' | 'reply';
export type StorageKind = 'memory' | 'lmdb';
/**
 * When a record counts as stored: on disk (`always`), handed to the system and on disk within `syncMs` (`interval`), or whenever
 * the system likes (`none`). The last two can lose records with the power, not with the process.
 */
export type SyncMode = 'always' | 'interval' | 'none';

/** What a stream keeps, where, and for how long. Bounds of 0 are none. */
export interface StreamConfig {
  /** 1 to 64 letters, digits, `_` or `-`. */
  readonly name: string;
  /** Subjects whose frames it keeps; no other stream keeps any of them. */
  readonly filters: readonly string[];
  readonly kinds: readonly CapturedKind[];
  readonly storage: StorageKind;
  /** Of a stream in memory: `none`. */
  readonly sync: SyncMode;
  readonly syncMs: number;
  readonly retention: {
    readonly maxAgeMs: number;
    /** Of blocks, header and table included. */
    readonly maxBytes: number;
    readonly maxRecords: number;
    /** The last records of each subject. */
    readonly maxPerSubject: number;
  };
  /** For how long the id of a message is remembered, to store it once. 0: not at all. */
  readonly dedupMs: number;
}

/** What a stream holds. Times are the broker's, in microseconds since the Unix epoch. */
export interface StreamInfo {
  readonly records: number;
  /** Of their blocks, header and table included. */
  readonly bytes: number;
  /** On disk or in memory in all. */
  readonly storedBytes: number;
  /** Of the oldest record; behind `lastOffset` when there is none. */
  readonly firstOffset: number;
  /** Of the last record that was ever stored; 0 before the first. */
  readonly lastOffset: number;
  /** That it has ever had records of. */
  readonly subjects: number;
  readonly oldestMicros: number | undefined;
  readonly newestMicros: number | undefined;
  /** Message ids known at present, and how far they reach back. */
  readonly dedup: { readonly ids: number; readonly heldMs: number };
  /** Taken and not stored yet. */
  readonly pendingBytes: number;
  readonly storage: StorageKind;
  readonly sync: SyncMode;
  /** Why it takes no records at present. */
  readonly failing: string | undefined;
}

/** A stream as its broker tells of it. */
export interface DescribedStream {
  readonly config: StreamConfig;
  readonly info: StreamInfo;
}

/** Which records go: those that all of it selects. */
export interface Purge {
  /** Of these subjects. */
  readonly filter?: string;
  /** Before this offset. */
  readonly before?: number;
  /** All but the last so many: of all records, with a filter of each subject. */
  readonly keep?: number;
}
