import { elementOf } from './reachable-types.js';
import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema, schemaTooLarge } from './schema-error.js';
import { type Field, type ObjectType, SCALAR_BYTES } from './schema-model.js';

interface Size {
  readonly bytes: number;
  readonly alignment: number;
}

/** Checks that every struct has a size, and that its fields lie in it, aligned, one after another. */
export function checkStructs(objects: readonly ObjectType[]): void {
  const done = new Set<ObjectType>();
  const open = new Set<ObjectType>();
  const visit = (struct: ObjectType): void => {
    if (done.has(struct)) return;
    if (open.has(struct)) throw invalidSchema(struct.name, { what: 'a struct within itself' });
    if (open.size >= SCHEMA_BOUNDS.structDepth) {
      throw schemaTooLarge(struct.name, 'structs within structs', open.size + 1, SCHEMA_BOUNDS.structDepth);
    }
    open.add(struct);
    for (const { type } of struct.fields) {
      const inner = elementOf(type);
      if (inner.kind === 'struct') visit(objects[inner.object]!);
    }
    open.delete(struct);
    done.add(struct);
    checkLayout(struct, objects);
  };
  for (const object of objects) if (object.isStruct) visit(object);
}

function checkLayout({ name, fields, byteSize, minAlign }: ObjectType, objects: readonly ObjectType[]): void {
  if (byteSize > SCHEMA_BOUNDS.structBytes) {
    throw schemaTooLarge(name, 'bytes in a struct', byteSize, SCHEMA_BOUNDS.structBytes);
  }
  if (byteSize < 1 || byteSize % minAlign !== 0) {
    throw invalidSchema(name, {
      what: 'no size of a struct',
      expected: `a multiple of its alignment of ${minAlign}`,
      got: String(byteSize),
    });
  }
  if (fields.length === 0) throw invalidSchema(name, { what: 'a struct without fields' });
  let end = 0;
  for (const field of fields) {
    const { bytes, alignment } = sizeOf(field, objects);
    const fits = field.offset >= end && field.offset + bytes <= byteSize;
    if (!fits || field.offset % alignment !== 0 || alignment > minAlign) {
      throw invalidSchema(`${name}.${field.name}`, {
        what: 'a place in its struct that it cannot have',
        expected: `${bytes} bytes from ${end} on and below ${byteSize}, aligned to ${alignment}`,
        got: String(field.offset),
      });
    }
    end = field.offset + bytes;
  }
}

function sizeOf({ type }: Field, objects: readonly ObjectType[]): Size {
  const element = elementOf(type);
  const length = type.kind === 'array' ? type.length : 1;
  if (element.kind === 'scalar') {
    const bytes = SCALAR_BYTES[element.scalar];
    return { bytes: bytes * length, alignment: bytes };
  }
  if (element.kind !== 'struct') return { bytes: Number.POSITIVE_INFINITY, alignment: 1 };
  const struct = objects[element.object]!;
  return { bytes: struct.byteSize * length, alignment: struct.minAlign };
}
