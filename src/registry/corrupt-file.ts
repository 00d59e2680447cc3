import { ModwireError } from '../errors.js';

/** Bytes on disk that are not what was written. Never served: whoever runs the broker decides. */
export function corruptFile(path: string, offset: number, what: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: `the registry is damaged: ${what}`,
    where: `${path}, byte ${offset}`,
    advice: 'restore the directory from a backup, or move it away and register the contracts anew',
  });
}
