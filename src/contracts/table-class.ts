import type { Field, Schema } from './schema-model.js';
import type { ValueViolation } from './value-violation.js';

/**
 * An object of flatc's object API, such as `OrderT`. Generated code may have its own copy of the package flatbuffers,
 * hence no builder's type here.
 */
export interface TableObject {
  pack(builder: never): number;
}

/** A table's class as flatc generates it with its object API, such as `Order`. */
export interface TableClass<Value extends TableObject> {
  new (): { __init(at: number, bytes: never): { unpack(): Value } };
  /** What the schema cannot state, where a class is not flatc's: asked about payloads that verify, before they are unpacked. */
  checkPayload?(payload: Uint8Array): ValueViolation | undefined;
}

const ROOT_ACCESSOR = /^getRootAs(.+)$/;

/**
 * The table's name without its namespace; undefined when this is no table's class. Taken from the names of its methods:
 * minifiers rename classes and leave those alone.
 */
export function tableNameOf(root: unknown): string | undefined {
  if (typeof root !== 'function') return undefined;
  for (const name of Object.getOwnPropertyNames(root)) {
    const found = ROOT_ACCESSOR.exec(name);
    if (found !== null) return found[1];
  }
  return undefined;
}

/** Indices of the tables of this name, with or without its namespace. */
export function tablesNamed({ objects }: Schema, name: string, qualified: boolean): number[] {
  const found: number[] = [];
  objects.forEach((object, index) => {
    if (object.isStruct) return;
    const own = qualified ? object.name : object.name.slice(object.name.lastIndexOf('.') + 1);
    if (own === name) found.push(index);
  });
  return found;
}

/** Required fields that stand at `offset` in the vtables of their tables: `shop.Order.id`. */
export function requiredFieldsAt(schema: Schema, tables: readonly number[], offset: number): string[] {
  const isMissing = (field: Field) => field.required && field.offset === offset;
  return tables.flatMap((index) => {
    const { name, isStruct, fields } = schema.objects[index]!;
    return isStruct ? [] : fields.filter(isMissing).map((field) => `${name}.${field.name}`);
  });
}
