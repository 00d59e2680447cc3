import { ModwireError } from '../errors.js';

/** `where`: a place in what was given, such as `inputs[1]`. */
export function invalidArgument(what: string, expected: string, got: string, where?: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what, expected, got, ...(where !== undefined && { where }) });
}
