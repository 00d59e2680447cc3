import { compareKey } from './compare-fields.js';
import { describeChange, relateTypes } from './compare-types.js';
import type { Comparison } from './comparison.js';
import { elementOf } from './reachable-types.js';
import type { Field, ObjectType } from './schema-model.js';

/** Structs have no vtable: readers find their fields by place alone. */
export function compareStructs(before: ObjectType, after: ObjectType, comparison: Comparison): void {
  const { findings } = comparison;
  const path = after.name;
  if (before.byteSize !== after.byteSize) {
    findings.add('struct-size-changed', path, `${before.byteSize} bytes are now ${after.byteSize}`);
  }
  if (before.minAlign !== after.minAlign) {
    findings.add(
      'struct-align-changed',
      path,
      `aligned to ${before.minAlign} bytes, now to ${after.minAlign}`,
    );
  }
  if (before.fields.length !== after.fields.length) {
    const message = `it had ${before.fields.length} and has ${after.fields.length}`;
    findings.add('struct-field-count-changed', path, message);
  } else if (isReordered(before.fields, after.fields)) {
    const names = (fields: readonly Field[]): string => fields.map(({ name }) => name).join(', ');
    findings.add('struct-order-changed', path, `${names(before.fields)} are now ${names(after.fields)}`);
    return;
  }
  for (const [index, old] of before.fields.entries()) {
    const new_ = after.fields[index];
    if (new_ !== undefined) compareField(old, new_, `${path}.${new_.name}`, comparison);
  }
}

function compareField(before: Field, after: Field, path: string, comparison: Comparison): void {
  const { findings } = comparison;
  const relation = relateTypes(before.type, after.type, comparison);
  const change = describeChange(before.type, after.type, comparison);
  // Only whether values have names may change: structs have no second reading.
  if (relation === 'field-reinterpreted' && scalarOf(before) === scalarOf(after)) {
    findings.add(relation, path, change);
  } else if (relation !== 'same') {
    findings.add('struct-field-changed', path, change);
    return;
  }
  if (before.name !== after.name) findings.add('field-renamed', path, `${before.name} is now ${after.name}`);
  compareKey({ before, after, path }, comparison);
}

/** The same names in another order; renamed fields are in none. */
function isReordered(before: readonly Field[], after: readonly Field[]): boolean {
  const places = new Map(before.map(({ name }, index) => [name, index]));
  return after.some(({ name }, index) => {
    const place = places.get(name);
    return place !== undefined && place !== index;
  });
}

function scalarOf({ type }: Field): string | undefined {
  const element = elementOf(type);
  return element.kind === 'scalar' ? element.scalar : undefined;
}
