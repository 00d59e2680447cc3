import { getSystemErrorName } from 'node:util';
import { diskError } from '../disk/disk-error.js';
import { ModwireError } from '../errors.js';

/** LMDB's own numbers, those of the system aside. */
const PAGE_NOT_FOUND = -30_797;
const CORRUPTED = -30_796;
const VERSION_MISMATCH = -30_794;
const INVALID = -30_793;
const MAP_FULL = -30_792;
const TRANSACTION_FULL = -30_788;

const DAMAGED: readonly number[] = [PAGE_NOT_FOUND, CORRUPTED, VERSION_MISMATCH, INVALID];
const FULL: readonly number[] = [MAP_FULL, TRANSACTION_FULL];

/** Bytes on disk that are not what was written, as an error of the table. */
export function damagedStream(path: string, fault: string, cause?: unknown): ModwireError {
  return new ModwireError('DATA_LOSS', {
    what: `the file of a stream is damaged: ${fault}`,
    where: path,
    advice: 'restore the directory of the stream from a backup, or remove the stream',
    cause,
  });
}

/** What LMDB or the system said, as an error of the table. */
export function lmdbError(thrown: unknown, what: string, path: string): ModwireError {
  if (thrown instanceof ModwireError) return thrown;
  const { code, message } = thrown as { code?: unknown; message: string };
  if (typeof code !== 'number') return diskError(thrown, what, path);
  if (DAMAGED.includes(code)) return damagedStream(path, message, thrown);
  // Out of memory is ENOMEM; both it and LMDB's bounds are told like a disk without room.
  const isFull = FULL.includes(code) || nameOf(code) === 'ENOMEM';
  if (!isFull) return diskError({ code: nameOf(code), message }, what, path);
  return new ModwireError('RESOURCE_EXHAUSTED', {
    ...{ what, got: message, where: path, cause: thrown },
    advice: 'give the machine more memory, or the stream a bound',
  });
}

/** What a write that failed rejects with: DATA_LOSS unless it is sure that nothing of it is there. */
export function writeError(thrown: unknown, path: string): ModwireError {
  const error = lmdbError(thrown, 'a stream cannot be written', path);
  if (error.code === 'RESOURCE_EXHAUSTED' || error.code === 'FAILED_PRECONDITION') return error;
  return new ModwireError('DATA_LOSS', {
    what: 'writing to a stream failed, and nobody knows what of it is there',
    got: error.detail.got ?? error.message,
    where: path,
    advice: 'look after the disk, then start the broker again',
    cause: thrown,
  });
}

function nameOf(code: number): string {
  return code > 0 ? getSystemErrorName(-code) : '';
}
