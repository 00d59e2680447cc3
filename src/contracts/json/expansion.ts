import { ModwireError } from '../../errors.js';

const FREE_BYTES = 1024 * 1024;
const PER_BYTE = 64;
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * How many bytes a conversion of `inputBytes` may yield. A payload that refers to the same table a thousand times, or a
 * JSON text of a thousand tables that each need a vtable of their own, comes out far larger than it went in.
 */
export function outputBound(inputBytes: number): number {
  return Math.min(MOST_BYTES, FREE_BYTES + PER_BYTE * inputBytes);
}

export function outputTooLarge(what: string, bound: number): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: `${what} grows too large`,
    expected: `at most ${bound} bytes for an input of this size`,
  });
}
