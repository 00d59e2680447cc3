import { ModwireError } from '../../errors.js';

const MAX_UINT = 0xffff_ffff;

/** The broker knows more of names; what is empty would mean something else to it. */
export function checkName(what: string, name: unknown): void {
  if (typeof name !== 'string' || name === '') throw invalid(what, 'a name', name);
}

export function checkWhole(what: string, number: number, min = 1, max = MAX_UINT): void {
  if (Number.isInteger(number) && number >= min && number <= max) return;
  throw invalid(what, `a whole number from ${min} to ${max}`, number);
}

export function invalid(what: string, expected: string, got: unknown): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', { what: `${what} is not valid`, expected, got: String(got) });
}
