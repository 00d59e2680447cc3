import { faultsOf, type InputRule, rule } from './input-rules.js';

const SHOWN_CHARACTERS = 40;

/** Everything that can be wrong with the shape of JSON, by a name that stays; what is in it has rules of its own. */
export const JSON_RULES = {
  'value-type': rule('a value of another type', 'the type that the member has'),
  'unknown-member': rule('an unknown member', 'no other members than those of the model'),
  'missing-member': rule('a member is missing', 'every member that has no default'),
} as const satisfies Record<string, InputRule>;

const jsonFault = faultsOf<keyof typeof JSON_RULES>(JSON_RULES);

/** A value of JSON, and its path there. */
export interface Place {
  readonly value: unknown;
  /** Such as `variants[1].weight`; empty at the root. */
  readonly where: string;
}

/** The members of a JSON object that has all of `required`, maybe some of `optional`, and no others. */
export function membersOf<Required extends string, Optional extends string = never>(
  { value, where }: Place,
  required: readonly Required[],
  optional: readonly Optional[] = [],
): Record<Required, Place> & Partial<Record<Optional, Place>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw jsonFault('value-type', orRoot(where), { expected: 'an object', got: shown(value) });
  }
  const names: readonly string[] = [...required, ...optional];
  const places: Record<string, Place> = {};
  for (const [name, member] of Object.entries(value)) {
    if (names.includes(name))
      places[name] = { value: member, where: where === '' ? name : `${where}.${name}` };
    else {
      throw jsonFault('unknown-member', orRoot(where), {
        ...{ expected: `only ${names.join(', ')}`, got: shown(name) },
      });
    }
  }
  const missing = required.find((name) => places[name] === undefined);
  if (missing === undefined) return places as Record<Required, Place> & Partial<Record<Optional, Place>>;
  throw jsonFault('missing-member', orRoot(where), { expected: missing, got: 'none' });
}

export function elementsOf({ value, where }: Place): Place[] {
  if (!Array.isArray(value)) {
    throw jsonFault('value-type', where, { expected: 'a list', got: shown(value) });
  }
  return value.map((element: unknown, index) => ({ value: element, where: `${where}[${index}]` }));
}

export function textOf({ value, where }: Place): string {
  if (typeof value === 'string') return value;
  throw jsonFault('value-type', where, { expected: 'a text', got: shown(value) });
}

export function numberOf({ value, where }: Place): number {
  if (typeof value === 'number') return value;
  throw jsonFault('value-type', where, { expected: 'a number', got: shown(value) });
}

export function flagOf({ value, where }: Place): boolean {
  if (typeof value === 'boolean') return value;
  throw jsonFault('value-type', where, { expected: 'true or false', got: shown(value) });
}

/** A value as an error shows it: never all of a long one. */
export function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value !== 'string') return String(value);
  return value.length <= SHOWN_CHARACTERS
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, SHOWN_CHARACTERS))}…`;
}

function orRoot(where: string): string {
  return where === '' ? 'the root' : where;
}
