import { ModwireError } from '../errors.js';

/** Characters. */
const MAX_CHARACTERS = 256;
/** Control characters, and halves of surrogate pairs, which no UTF-8 can hold. */
const UNFIT = /\p{Cc}|\p{Cs}/u;

/** Throws INVALID_ARGUMENT for what is no name of a group of subscribers. */
export function checkGroupName(name: unknown): asserts name is string {
  if (typeof name === 'string' && name !== '' && name.length <= MAX_CHARACTERS && !UNFIT.test(name)) return;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a name of a group',
    expected: `1 to ${MAX_CHARACTERS} characters, without control characters`,
    got: typeof name === 'string' ? JSON.stringify(name.slice(0, MAX_CHARACTERS)) : typeof name,
  });
}
