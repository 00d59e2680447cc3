import { typeText } from './canonical-form.js';
import type { Comparison } from './comparison.js';
import type { CompatibilityRuleId } from './compatibility-rules.js';
import { elementOf } from './reachable-types.js';
import { type ElementType, type FieldType, SCALAR_BYTES } from './schema-model.js';

/** How a type relates to the one before: `same`, or the rule for the difference. Types within are compared later. */
export type TypeRelation =
  | 'same'
  | Extract<
      CompatibilityRuleId,
      | 'field-type-changed'
      | 'field-element-changed'
      | 'field-offset-width-changed'
      | 'field-reinterpreted'
      | 'field-string-to-bytes'
      | 'field-bytes-to-string'
    >;

export function relateTypes(before: FieldType, after: FieldType, comparison: Comparison): TypeRelation {
  if (before.kind === 'string' && isBytes(after)) return 'field-string-to-bytes';
  if (isBytes(before) && after.kind === 'string') return 'field-bytes-to-string';
  if (before.kind === 'vector' && after.kind === 'vector') {
    if (before.wide !== after.wide) return 'field-offset-width-changed';
    const relation = relateElements(before.element, after.element, comparison);
    return relation === 'field-type-changed' ? 'field-element-changed' : relation;
  }
  if (before.kind === 'array' && after.kind === 'array') {
    if (before.length !== after.length) return 'field-type-changed';
    return relateElements(before.element, after.element, comparison);
  }
  if (isMany(before) || isMany(after)) return 'field-type-changed';
  return relateElements(before, after, comparison);
}

/** Types as people write them: `[float] is now [double]`. */
export function describeChange(before: FieldType, after: FieldType, comparison: Comparison): string {
  const old = typeText(before, comparison.before);
  const now = typeText(after, comparison.after);
  // A table that becomes a struct keeps its name.
  if (old === now) return `${old} was a ${elementOf(before).kind} and is a ${elementOf(after).kind}`;
  return `${old} is now ${now}`;
}

function relateElements(before: ElementType, after: ElementType, comparison: Comparison): TypeRelation {
  if (before.kind === 'scalar') {
    return after.kind === 'scalar' ? relateScalars(before, after, comparison) : 'field-type-changed';
  }
  if (before.kind !== after.kind) return 'field-type-changed';
  if ('object' in before && 'object' in after) comparison.meet('objects', before.object, after.object);
  else if (before.kind === 'union' && after.kind === 'union')
    comparison.meet('enums', before.enum, after.enum);
  return 'same';
}

function relateScalars(
  before: ElementType & { kind: 'scalar' },
  after: ElementType & { kind: 'scalar' },
  comparison: Comparison,
): TypeRelation {
  if (before.enum !== undefined && after.enum !== undefined) {
    // Another integer type below is told of the enum, once.
    comparison.meet('enums', before.enum, after.enum);
    return 'same';
  }
  const isEnum = before.enum !== undefined || after.enum !== undefined;
  if (before.scalar === after.scalar) return isEnum ? 'field-reinterpreted' : 'same';
  const isReal = [before, after].some(({ scalar }) => scalar === 'float' || scalar === 'double');
  const sameWidth = SCALAR_BYTES[before.scalar] === SCALAR_BYTES[after.scalar];
  return sameWidth && !isReal ? 'field-reinterpreted' : 'field-type-changed';
}

/** A vector of single bytes, which on the wire is a string without its terminating zero. */
function isBytes(type: FieldType): boolean {
  if (type.kind !== 'vector' || type.wide || type.element.kind !== 'scalar') return false;
  const { scalar, enum: of } = type.element;
  return of === undefined && (scalar === 'ubyte' || scalar === 'byte');
}

function isMany(type: FieldType): type is Exclude<FieldType, ElementType> {
  return type.kind === 'vector' || type.kind === 'array';
}
