import { defaultText } from './canonical-form.js';
import { describeChange, relateTypes } from './compare-types.js';
import type { Comparison } from './comparison.js';
import { elementOf } from './reachable-types.js';
import { type Field, type ObjectType, SCALAR_BYTES, type Schema } from './schema-model.js';

/** One id of a table, before and after. */
interface FieldPair {
  readonly before: Field;
  readonly after: Field;
  /** `shop.Order.items` */
  readonly path: string;
}

export function compareTables(before: ObjectType, after: ObjectType, comparison: Comparison): void {
  const { findings } = comparison;
  const idsBefore = idsByName(before);
  const idsAfter = idsByName(after);
  const ids = Math.max(before.fields.length, after.fields.length);
  for (let id = 0; id < ids; id++) {
    const old = before.fields[id];
    const new_ = after.fields[id];
    // A tag shares the fate of its union, which is told.
    if (isTag(old) || (old === undefined && isTag(new_))) continue;
    if (old === undefined) {
      if (new_ !== undefined && !idsBefore.has(new_.name)) addField(new_, after.name, comparison);
      continue;
    }
    const idNow = idsAfter.get(old.name);
    if (idNow !== undefined && idNow !== id) {
      findings.add('field-id-changed', `${after.name}.${old.name}`, `its id was ${id} and is ${idNow}`);
    } else if (new_ === undefined || (idNow === undefined && idsBefore.has(new_.name))) {
      findings.add('field-removed', `${before.name}.${old.name}`, `the field with id ${id} is gone`);
    } else {
      compareField({ before: old, after: new_, path: `${after.name}.${new_.name}` }, comparison);
    }
  }
}

function addField(field: Field, owner: string, { findings }: Comparison): void {
  const rule = field.required && !field.deprecated ? 'field-added-required' : 'field-added';
  findings.add(rule, `${owner}.${field.name}`, `a new field with id ${field.id}`);
}

function compareField(pair: FieldPair, comparison: Comparison): void {
  const { before, after, path } = pair;
  const { findings } = comparison;
  const relation = relateTypes(before.type, after.type, comparison);
  const isRenamed = before.name !== after.name;
  if (isRenamed && (relation === 'field-type-changed' || relation === 'field-element-changed')) {
    const change = describeChange(before.type, after.type, comparison);
    findings.add('field-id-reused', path, `id ${before.id} was ${before.name}: ${change}`);
    return;
  }
  if (relation !== 'same') findings.add(relation, path, describeChange(before.type, after.type, comparison));
  if (relation === 'field-type-changed') return;
  if (isRenamed) findings.add('field-renamed', path, `${before.name} is now ${after.name}`);
  if (before.wideOffset !== after.wideOffset && relation !== 'field-offset-width-changed') {
    findings.add(
      'field-offset-width-changed',
      path,
      after.wideOffset ? 'offset64 is new' : 'offset64 is gone',
    );
  }
  comparePresence(pair, comparison);
  compareDefault(pair, comparison);
  compareKey(pair, comparison);
  compareAlignment(pair, comparison);
  compareNested(pair, comparison);
}

function comparePresence({ before, after, path }: FieldPair, { findings }: Comparison): void {
  if (!before.deprecated && after.deprecated) {
    if (before.required) findings.add('field-required-deprecated', path, 'it was required and is deprecated');
    else findings.add('field-deprecated', path, 'it is deprecated');
  } else if (before.deprecated && !after.deprecated) {
    if (after.required)
      findings.add('field-required-undeprecated', path, 'it was deprecated and is required');
    else findings.add('field-undeprecated', path, 'it is no longer deprecated');
  } else if (!after.deprecated && before.required !== after.required) {
    if (after.required) findings.add('field-made-required', path, 'it was optional and is required');
    else findings.add('field-required-dropped', path, 'it was required and may be absent');
  }
}

/** A required field is never absent, so that its default means nothing. */
function compareDefault({ before, after, path }: FieldPair, { findings }: Comparison): void {
  if (before.type.kind !== 'scalar' || after.type.kind !== 'scalar') {
    if (before.required || after.required || before.optional === after.optional) return;
    findings.add(
      'field-default-changed',
      path,
      after.optional ? 'it has no default any more' : 'it has a default',
    );
  } else if (before.optional !== after.optional) {
    const message = after.optional ? `null was ${defaultText(before)}` : `null is ${defaultText(after)}`;
    findings.add('field-optional-changed', path, `what is absent and ${message}`);
  } else if (!before.optional && bitsOfDefault(before) !== bitsOfDefault(after)) {
    findings.add('field-default-changed', path, `${defaultText(before)} is now ${defaultText(after)}`);
  }
}

/** Two types may write the same bits in different ways: -1 and 255. */
function bitsOfDefault(field: Field): string {
  const text = defaultText(field);
  const { type } = field;
  if (type.kind !== 'scalar' || type.scalar === 'float' || type.scalar === 'double') return text;
  return BigInt.asUintN(8 * SCALAR_BYTES[type.scalar], BigInt(text)).toString();
}

/** Keys of tables and of structs. */
export function compareKey({ before, after, path }: FieldPair, { findings }: Comparison): void {
  if (before.key === after.key) return;
  findings.add(
    after.key ? 'field-key-added' : 'field-key-removed',
    path,
    after.key ? 'it is the key' : 'it was the key',
  );
}

function compareAlignment({ before, after, path }: FieldPair, comparison: Comparison): void {
  const old = alignmentOf(before, comparison.before);
  const new_ = alignmentOf(after, comparison.after);
  if (before.forceAlign === after.forceAlign || old === new_) return;
  const rule = new_ > old ? 'field-align-raised' : 'field-align-lowered';
  comparison.findings.add(rule, path, `its elements were aligned to ${old} bytes and are to ${new_}`);
}

/** Of the first element of a vector: force_align below what the elements need anyway changes nothing. */
function alignmentOf(field: Field, schema: Schema): number {
  const element = elementOf(field.type);
  let natural = 4;
  if (element.kind === 'scalar') natural = SCALAR_BYTES[element.scalar];
  else if (element.kind === 'struct') natural = schema.objects[element.object]!.minAlign;
  return Math.max(natural, field.forceAlign);
}

function compareNested({ before, after, path }: FieldPair, comparison: Comparison): void {
  const { findings } = comparison;
  if (before.nested === undefined && after.nested === undefined) return;
  if (before.nested === undefined || after.nested === undefined) {
    const isNew = before.nested === undefined;
    const table = isNew
      ? comparison.after.objects[after.nested!]!
      : comparison.before.objects[before.nested!]!;
    findings.add(
      isNew ? 'field-nested-added' : 'field-nested-removed',
      path,
      `nested_flatbuffer ${table.name} is ${isNew ? 'new' : 'gone'}`,
    );
    return;
  }
  const old = comparison.before.objects[before.nested]!.name;
  const new_ = comparison.after.objects[after.nested]!.name;
  if (comparison.areDifferent(old, new_)) {
    findings.add('field-nested-retargeted', path, `nested_flatbuffer ${old} is now ${new_}`);
  } else comparison.meet('objects', before.nested, after.nested);
}

function idsByName({ fields }: ObjectType): ReadonlyMap<string, number> {
  return new Map(fields.map(({ name, id }) => [name, id]));
}

function isTag(field: Field | undefined): boolean {
  return field !== undefined && elementOf(field.type).kind === 'unionType';
}
