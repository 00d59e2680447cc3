import type { ElementType, FieldType, Schema } from './schema-model.js';

/** Indices of types, ascending. */
export interface ReachableTypes {
  readonly objects: readonly number[];
  readonly enums: readonly number[];
}

/** All types that data of the table at `root` can hold: through fields, unions and nested buffers; the root included. */
export function reachableTypes(schema: Schema, root: number): ReachableTypes {
  const objects = new Set<number>([root]);
  const enums = new Set<number>();
  // Sets yield what is added to them while they are walked: no recursion, however deep the schema.
  const add = (type: ElementType | undefined): void => {
    if (type === undefined || type.kind === 'string') return;
    if ('object' in type) objects.add(type.object);
    else if (type.enum !== undefined && !enums.has(type.enum)) {
      enums.add(type.enum);
      for (const { member } of schema.enums[type.enum]!.values) add(member);
    }
  };
  for (const index of objects) {
    for (const field of schema.objects[index]!.fields) {
      add(elementOf(field.type));
      if (field.nested !== undefined) objects.add(field.nested);
    }
  }
  const ascending = (a: number, b: number): number => a - b;
  return { objects: [...objects].sort(ascending), enums: [...enums].sort(ascending) };
}

/** What a field of this type holds one or many of. */
export function elementOf(type: FieldType): ElementType {
  return type.kind === 'vector' || type.kind === 'array' ? type.element : type;
}
