import { BlockReader, resetTo } from './block-reader.js';
import { verifyLmdbStore } from './open-lmdb-store.js';

/** Records of a stream on disk that are not what was stored, side by side. */
export interface StoredDamage {
  readonly first: number;
  readonly last: number;
  readonly fault: string;
}

/** What was found in the file of a stream. */
export interface StoredStreamVerdict {
  readonly path: string;
  /** What is wrong with the file as a whole; undefined when LMDB can work on it. */
  readonly fault: string | undefined;
  /** Whole records. */
  readonly records: number;
  /** Of their frames. */
  readonly bytes: number;
  readonly damaged: readonly StoredDamage[];
}

/**
 * Looks at every page of a stream's file and at every record, without LMDB and without changing anything. The stream must not be
 * open. `progress` is told now and then how much was found so far. Rejects as the system refuses.
 */
export async function checkStoredStream(
  directory: string,
  progress: (found: Pick<StoredStreamVerdict, 'records' | 'bytes'>) => void,
): Promise<StoredStreamVerdict> {
  const found = { records: 0, bytes: 0, damaged: [] as StoredDamage[] };
  const reader = new BlockReader();
  let before = 0;
  const { path, fault } = await verifyLmdbStore(directory, (block) => {
    const wrong = resetTo(block, reader);
    if (wrong !== undefined) found.damaged.push({ first: before + 1, last: block.lastOffset, fault: wrong });
    else countRecords(reader, found);
    before = block.lastOffset;
    progress(found);
  });
  return { path, fault, ...found };
}

function countRecords(
  reader: BlockReader,
  found: { records: number; bytes: number; readonly damaged: StoredDamage[] },
): void {
  let first = 0;
  for (let index = 0; index < reader.count; index++) {
    const offset = reader.offset(index);
    if (reader.isWhole(index)) {
      found.records++;
      found.bytes += reader.end(index) - reader.start(index);
      first = 0;
    } else if (first > 0) {
      found.damaged.push({ ...found.damaged.pop()!, last: offset });
    } else {
      first = offset;
      found.damaged.push({ first, last: offset, fault: 'it does not fit its check' });
    }
  }
}
