import type { FieldName } from './frame-layout.js';

/**
 * Why bytes are no frame, no control message or no payload of a contract. Names appear in messages and metrics; numbers
 * are those of native/verify.cc too.
 */
export const Rule = {
  ok: 0,
  tooShort: 1,
  sizePrefix: 2,
  sizeAlignment: 3,
  identifier: 4,
  rootOffset: 5,
  vtableOffset: 6,
  vtableSize: 7,
  tableBounds: 8,
  fieldOutsideTable: 9,
  fieldAlignment: 10,
  requiredField: 11,
  offsetAlignment: 12,
  offsetBounds: 13,
  vectorBounds: 14,
  stringBounds: 15,
  stringTerminator: 16,
  utf8: 17,
  overlap: 18,
  workBudget: 19,
  unionBody: 20,
  depth: 21,
  offsetZero: 22,
  unionVectors: 23,
  tableCount: 24,
  tooLong: 25,
} as const;

export type RuleNumber = (typeof Rule)[keyof typeof Rule];
export type RuleName = keyof typeof Rule;

const EXPLANATIONS: Record<RuleName, string> = {
  ok: 'the bytes verify',
  tooShort: 'fewer bytes than the smallest possible message',
  sizePrefix: 'the size prefix does not match the bytes on hand',
  sizeAlignment: 'prefix and message together are not a multiple of 8 bytes',
  identifier: 'the file identifier is not the expected one',
  rootOffset: 'the root offset does not lead to a table inside the message',
  vtableOffset: 'the table does not lead to a vtable inside the message',
  vtableSize: 'the vtable has an odd, too small or too large size',
  tableBounds: 'the table runs past the end of the message',
  fieldOutsideTable: 'a field lies outside its table',
  fieldAlignment: 'a field is not aligned to its size',
  requiredField: 'a required field is missing',
  offsetAlignment: 'an offset leads to an unaligned place',
  offsetBounds: 'an offset leads outside the message',
  vectorBounds: 'a vector runs past the end of the message',
  stringBounds: 'a string runs past the end of the message',
  stringTerminator: 'a string has no terminating zero',
  utf8: 'a string is not valid UTF-8',
  overlap: 'the stamp shares bytes with something else',
  workBudget: 'the message refers to the same bytes more often than its size allows',
  unionBody: 'the body is missing or of a type without a table',
  depth: 'tables nest deeper than allowed',
  offsetZero: 'an offset is zero',
  unionVectors: 'tags and values of a vector of unions are not equally many',
  tableCount: 'more tables than allowed',
  tooLong: 'more bytes than allowed',
};

/** What runs past the end, in a sentence that says by how much. */
const RUNNING: Partial<Record<RuleName, string>> = {
  offsetBounds: 'the target of an offset',
  tableBounds: 'table',
  vectorBounds: 'vector',
  stringBounds: 'string',
  vtableSize: 'vtable',
};

const RULE_NAMES = Object.keys(Rule) as RuleName[];

export function ruleName(rule: RuleNumber): RuleName {
  return RULE_NAMES[rule]!;
}

export function explainRule(rule: RuleNumber): string {
  return EXPLANATIONS[ruleName(rule)];
}

/** The first violation found. */
export interface Violation {
  readonly rule: RuleName;
  /** Byte offset from the start of the message, its size prefix included. */
  readonly offset: number;
  /** Field path, such as `headers[3].name`; empty for the message itself. */
  readonly path: FieldName | string;
  /** One sentence for people: `headers[3].name: a string runs past the end of the message, at 0x1a4`. */
  readonly text: string;
}

/** `past`: how many bytes too long it is, where that is known. */
export function violation(rule: RuleNumber, offset: number, path: string, past = 0): Violation {
  const place = path === '' ? '' : `${path}: `;
  const name = ruleName(rule);
  const running = past > 0 ? RUNNING[name] : undefined;
  const why =
    running === undefined
      ? explainRule(rule)
      : `${running} runs ${past} ${past === 1 ? 'byte' : 'bytes'} past the buffer`;
  return { rule: name, offset, path, text: `${place}${why}, at 0x${offset.toString(16)}` };
}
