import { type ErrorCode, ModwireError } from '../errors.js';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'RESOURCE_EXHAUSTED',
  EDQUOT: 'RESOURCE_EXHAUSTED',
  EFBIG: 'RESOURCE_EXHAUSTED',
  EROFS: 'FAILED_PRECONDITION',
  EACCES: 'FAILED_PRECONDITION',
  EPERM: 'FAILED_PRECONDITION',
  ENOTDIR: 'FAILED_PRECONDITION',
  EEXIST: 'FAILED_PRECONDITION',
};

const ADVICE: Partial<Record<ErrorCode, string>> = {
  RESOURCE_EXHAUSTED: 'make room on the disk and try again',
  FAILED_PRECONDITION: 'use a directory that this process may write to',
  UNAVAILABLE: 'look after the disk, then start again',
};

/** What the system refused, as an error of the table: no room, not allowed, or a disk that fails. */
export function diskError(thrown: unknown, what: string, path: string): ModwireError {
  if (thrown instanceof ModwireError) return thrown;
  const { code = '', message } = thrown as NodeJS.ErrnoException;
  const ours = CODES[code] ?? 'UNAVAILABLE';
  return new ModwireError(ours, {
    what,
    got: code === '' ? message : code,
    where: path,
    advice: ADVICE[ours]!,
    cause: thrown,
  });
}
