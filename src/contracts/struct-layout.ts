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
  const depths = new Map<ObjectType, number>();
  const open = new Set<ObjectType>();
  /** How deep structs nest in it, itself included. */
  const depthOf = (struct: ObjectType): number => {
    const known = depths.get(struct);
    if (known !== undefined) return known;
    if (open.has(struct)) throw invalidSchema(struct.name, { what: 'a struct within itself' });
    open.add(struct);
    let depth = 1;
    checkDepth(struct, open.size);
    for (const { type } of struct.fields) {
      const inner = elementOf(type);
      if (inner.kind === 'struct') depth = Math.max(depth, 1 + depthOf(objects[inner.object]!));
    }
    checkDepth(struct, depth);
    open.delete(struct);
    depths.set(struct, depth);
    checkLayout(struct, objects);
    return depth;
  };
  for (const object of objects) if (object.isStruct) depthOf(object);
}

function checkDepth({ name }: ObjectType, depth: number): void {
  if (depth <= SCHEMA_BOUNDS.structDepth) return;
  throw schemaTooLarge(name, 'structs within structs', depth, SCHEMA_BOUNDS.structDepth);
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
