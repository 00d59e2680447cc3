import type { Comparison } from './comparison.js';
import type { EnumType, EnumValue, Schema } from './schema-model.js';

/** Enums, or the tags of unions. */
export function compareEnums(before: EnumType, after: EnumType, comparison: Comparison): void {
  const { findings } = comparison;
  const path = after.name;
  comparison.rename(before.name, path);
  if (before.underlying !== after.underlying) {
    findings.add('enum-underlying-changed', path, `${before.underlying} is now ${after.underlying}`);
  }
  if (after.isUnion) {
    compareMembers(before, after, comparison);
    return;
  }
  if (before.bitFlags !== after.bitFlags) {
    findings.add('enum-bit-flags-changed', path, after.bitFlags ? 'bit_flags are new' : 'bit_flags are gone');
  }
  compareValues(before, after, comparison);
}

/** By name first: a name with another number is worse than a number with another name. */
function compareValues(before: EnumType, after: EnumType, { findings }: Comparison): void {
  const namesBefore = byName(before);
  const namesAfter = byName(after);
  const oldNumbers = byNumber(before);
  const newNumbers = byNumber(after);
  const renamed = new Set<string>();
  for (const { name, value } of before.values) {
    const path = `${after.name}.${name}`;
    const now = namesAfter.get(name)?.value;
    if (now === value) continue;
    if (now !== undefined) findings.add('enum-value-renumbered', path, `${value} is now ${now}`);
    else if (newNumbers.has(value)) {
      renamed.add(value);
      findings.add('enum-value-renamed', path, `${value} is now ${newNumbers.get(value)!.name}`);
    } else findings.add('enum-value-removed', path, `${value} is gone`);
  }
  for (const { name, value } of after.values) {
    if (namesBefore.has(name) || renamed.has(value)) continue;
    const path = `${after.name}.${name}`;
    const old = oldNumbers.get(value);
    if (old === undefined) findings.add('enum-value-added', path, `${value} is new`);
    else findings.add('enum-value-renamed', path, `${value} was ${old.name}`);
  }
}

/** By tag: the name of a member is for people, unless it now is that of another tag. */
function compareMembers(before: EnumType, after: EnumType, comparison: Comparison): void {
  const { findings } = comparison;
  const names = { before: byName(before), after: byName(after) };
  const members = byNumber(after);
  for (const old of before.values) {
    const now = members.get(old.value);
    if (now === undefined) {
      findings.add('union-member-removed', `${after.name}.${old.name}`, `tag ${old.value} is gone`);
    } else compareMember(old, now, names, `${after.name}.${now.name}`, comparison);
  }
  const tags = byNumber(before);
  for (const { name, value } of after.values) {
    if (tags.has(value)) continue;
    findings.add('union-member-added', `${after.name}.${name}`, `tag ${value} is new`);
  }
}

function compareMember(
  before: EnumValue,
  after: EnumValue,
  names: Readonly<Record<'before' | 'after', ReadonlyMap<string, EnumValue>>>,
  path: string,
  comparison: Comparison,
): void {
  const { findings } = comparison;
  const hasMoved =
    before.name !== after.name && (names.after.has(before.name) || names.before.has(after.name));
  if (hasMoved || !isOneType(before.member, after.member, comparison)) {
    const old = memberText(before, comparison.before);
    const now = memberText(after, comparison.after);
    findings.add('union-member-retargeted', path, `tag ${before.value} was ${old} and is ${now}`);
    return;
  }
  if (before.name !== after.name) {
    findings.add('union-member-renamed', path, `tag ${before.value} was ${before.name}`);
  }
  if (
    before.member !== undefined &&
    'object' in before.member &&
    after.member !== undefined &&
    'object' in after.member
  ) {
    comparison.meet('objects', before.member.object, after.member.object);
  }
}

/** `Item (table shop.Item)` */
function memberText({ name, member }: EnumValue, schema: Schema): string {
  if (member === undefined || !('object' in member)) return `${name} (${member?.kind ?? 'nothing'})`;
  return `${name} (${member.kind} ${schema.objects[member.object]!.name})`;
}

function isOneType(before: EnumValue['member'], after: EnumValue['member'], comparison: Comparison): boolean {
  if (before === undefined || after === undefined || before.kind !== after.kind) return before === after;
  if (!('object' in before) || !('object' in after)) return true;
  const nameBefore = comparison.before.objects[before.object]!.name;
  return !comparison.areDifferent(nameBefore, comparison.after.objects[after.object]!.name);
}

function byName({ values }: EnumType): ReadonlyMap<string, EnumValue> {
  return new Map(values.map((value) => [value.name, value]));
}

/** The first name of each number. */
function byNumber({ values }: EnumType): ReadonlyMap<string, EnumValue> {
  return new Map(values.toReversed().map((value) => [value.value, value]));
}
