import { ModwireError } from '../errors.js';

/** The error of a request that is not as the protocol wants it. `where` is a place in its JSON. */
export function notUnderstood(what: string, expected: string, got: string, where: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what, expected, got, where });
}
