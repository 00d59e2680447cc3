/** What a stream knows of a subject, also when its records are gone. */
export interface SubjectState {
  /** Its number in this stream, from 1; stands for the text in marks. */
  readonly id: number;
  /** Of the last record. Microseconds since the Unix epoch. */
  readonly epoch: number;
  /** Of the last record. */
  readonly sequence: number;
  /** Of the last record. */
  readonly offset: number;
}

/** Says in which block the last of a subject's records up to a sequence lies. */
export interface Mark {
  /** Number of the subject. */
  readonly subject: number;
  readonly epoch: number;
  /** Of the subject's last record in the block. */
  readonly sequence: number;
  /** Last offset of the block. */
  readonly block: number;
}

/** Records side by side, as they are stored; the store does not look into them. */
export interface StoredBlock {
  /** Of its last record: its key. */
  readonly lastOffset: number;
  readonly bytes: Uint8Array;
}

/** What is written together. What it removes goes first, should it bring the same anew. */
export interface StoreChange {
  readonly blocks?: readonly StoredBlock[];
  /** Last offsets of blocks that go. */
  readonly removedBlocks?: readonly number[];
  readonly subjects?: ReadonlyMap<string, SubjectState>;
  readonly removedSubjects?: readonly string[];
  readonly marks?: readonly Mark[];
  readonly removedMarks?: readonly Omit<Mark, 'block'>[];
  /** Small things by name: totals of the stream, cursors of consumers; undefined removes one. */
  readonly notes?: ReadonlyMap<string, Uint8Array | undefined>;
}

/**
 * Where the blocks of one stream are kept, with what finds them. Reads see what was written once its promise has
 * resolved, and may see it before.
 */
export interface StreamStore {
  /**
   * Resolves when all of a change is kept as the stream's `sync` says; the bytes given stay as they are until then. Changes
   * take effect in the order of the calls. Rejects with RESOURCE_EXHAUSTED, FAILED_PRECONDITION or UNAVAILABLE when nothing of
   * it is there; after a rejection with DATA_LOSS nobody knows, and the store refuses all that follows.
   */
  write(change: StoreChange): Promise<void>;
  /** The first block whose last offset is `offset` or higher; its bytes are valid until this turn of the event loop ends. */
  block(offset: number): StoredBlock | undefined;
  /** The block with the highest offsets. */
  lastBlock(): StoredBlock | undefined;
  subject(text: string): SubjectState | undefined;
  /** In the order of their texts; `visit` returns false to stop. */
  visitSubjects(visit: (text: string, state: SubjectState) => boolean): void;
  /** The first mark of a subject at or after a place in its count. */
  markFrom(subject: number, epoch: number, sequence: number): Mark | undefined;
  /** In ascending order of the names; with a prefix only those that begin with it. */
  notes(prefix: string): ReadonlyMap<string, Uint8Array>;
  /** Whether all that anybody may have seen of this stream is there: not after the machine ended with writes unsynced. */
  readonly continuous: boolean;
  /** Where on disk it is, for errors; undefined in memory. */
  readonly path?: string;
  /** Bytes on disk or in memory. */
  readonly storedBytes: number;
  /** Resolves when what was written is as durable as it can be, and nothing is open. */
  close(): Promise<void>;
}
