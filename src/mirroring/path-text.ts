/** Of a name within a path. Characters. */
const LONGEST_NAME = 64;
const PLAIN = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Paths that stand for what is no field: a field of such a name is written in the other form. */
export const OUTCOME = 'outcome';
export const REPLIES = 'replies';
export const PAYLOAD = 'payload';
const RESERVED: readonly string[] = [OUTCOME, REPLIES, PAYLOAD];

/** The step of a path to any element. */
export const ELEMENT = '[]';

/** Of a long name its beginning, which it shares with others. */
export function shortName(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…`;
}

/** The step of a path to a member: `.price`, or `["unit price"]`. */
export function memberStep(name: string, isFirst: boolean): string {
  if (name.length > LONGEST_NAME) return `[${JSON.stringify(name.slice(0, LONGEST_NAME))}…]`;
  if (!PLAIN.test(name) || (isFirst && RESERVED.includes(name))) return `[${JSON.stringify(name)}]`;
  return isFirst ? name : `.${name}`;
}

/** The place of an element: a path whose `[]` have become these indices, from the first on. */
export function placeText(steps: readonly string[], indices: readonly number[]): string {
  let next = 0;
  let text = '';
  for (const step of steps) text += step === ELEMENT ? `[${indices[next++]}]` : step;
  // Of a tensor, whose elements are told of under its own name, and of fields beyond the bound of paths.
  for (; next < indices.length; next++) text += `[${indices[next]}]`;
  return text === '' ? PAYLOAD : text;
}
