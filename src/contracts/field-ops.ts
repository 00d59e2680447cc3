import { ModwireError } from '../errors.js';
import { FIELD_ALIGNMENT_SHIFT, OP_WIDE_LENGTH, OP_WIDE_OFFSET, OpKind } from './program-ops.js';
import { type ElementType, type Field, type ObjectType, SCALAR_BYTES, type Schema } from './schema-model.js';

const MAX_STRUCT_BYTES = 0xffff;
const MAX_ALIGNMENT = 256;
const MAX_TAG = 255;

/** What a value takes where it lies. Bytes. */
export interface Inline {
  readonly bytes: number;
  readonly alignment: number;
}

/** An op with its arguments. */
export interface Op {
  readonly kind: number;
  readonly first: number;
  readonly second: number;
  /** What `first` is an index of: a table among the schema's objects, or a union among its enums. */
  readonly refersTo?: 'table' | 'union';
}

/** What the verifier does about the fields of one table. Throws UNIMPLEMENTED, naming the field, for what it cannot. */
export class FieldOps {
  readonly #schema: Schema;
  readonly #table: ObjectType;

  constructor(schema: Schema, table: ObjectType) {
    this.#schema = schema;
    this.#table = table;
    table.fields.forEach((field, id) => {
      if (field.id !== id) throw this.#unsupported(field, 'ids that leave some out');
    });
  }

  /** What a field takes in its table. */
  inline(field: Field): Inline {
    const { type, wideOffset } = field;
    if (wideOffset) return { bytes: 8, alignment: 8 };
    switch (type.kind) {
      case 'scalar':
        return { bytes: SCALAR_BYTES[type.scalar], alignment: SCALAR_BYTES[type.scalar] };
      case 'unionType':
        this.#checkTag(field, type.enum);
        return { bytes: 1, alignment: 1 };
      case 'struct':
        return this.#struct(field, type.object);
      case 'array':
        throw this.#unsupported(field, 'an array outside a struct');
      default:
        return { bytes: 4, alignment: 4 };
    }
  }

  /** What is to be verified beyond a field's place in its table; undefined for nothing. */
  op(field: Field): Op | undefined {
    const { type, wideOffset } = field;
    if (type.kind === 'vector') return this.#vector(field, type.element, type.wide);
    if (type.kind === 'string') return plain(OpKind.string | (wideOffset ? OP_WIDE_OFFSET : 0));
    if (wideOffset) throw this.#unsupported(field, `a 64-bit offset to a ${type.kind}`);
    if (type.kind === 'table') return tableOp(OpKind.table, type.object);
    return type.kind === 'union' ? this.#union(OpKind.union, field, type.enum) : undefined;
  }

  #vector(field: Field, element: ElementType, wideLength: boolean): Op {
    const flags = (field.wideOffset ? OP_WIDE_OFFSET : 0) | (wideLength ? OP_WIDE_LENGTH : 0);
    if (field.nested !== undefined) {
      const bytes = element.kind === 'scalar' && SCALAR_BYTES[element.scalar] === 1;
      if (!bytes || this.#schema.objects[field.nested]!.isStruct) {
        throw this.#unsupported(field, 'a nested buffer that is no table in bytes');
      }
      return tableOp(OpKind.nested | flags, field.nested);
    }
    switch (element.kind) {
      case 'scalar':
        return vectorOp(flags, SCALAR_BYTES[element.scalar], SCALAR_BYTES[element.scalar]);
      case 'struct': {
        const { bytes, alignment } = this.#struct(field, element.object);
        return vectorOp(flags, bytes, alignment);
      }
      default:
        if (flags !== 0) throw this.#unsupported(field, `a 64-bit vector of ${element.kind}s`);
    }
    switch (element.kind) {
      case 'string':
        return plain(OpKind.strings);
      case 'table':
        return tableOp(OpKind.tables, element.object);
      case 'union':
        return this.#union(OpKind.unions, field, element.enum);
      case 'unionType':
        this.#checkTag(field, element.enum);
        return vectorOp(0, 1, 1);
    }
  }

  #struct(field: Field, object: number): Inline {
    const { isStruct, byteSize, minAlign } = this.#schema.objects[object]!;
    const aligned = minAlign >= 1 && minAlign <= MAX_ALIGNMENT && (minAlign & (minAlign - 1)) === 0;
    if (!isStruct || !aligned || byteSize < 1 || byteSize > MAX_STRUCT_BYTES) {
      throw this.#unsupported(field, `a struct of ${byteSize} bytes aligned to ${minAlign}`);
    }
    return { bytes: byteSize, alignment: minAlign };
  }

  #union(kind: number, field: Field, union: number): Op {
    const tag = this.#table.fields[field.id - 1];
    const type = tag?.type;
    const tags = kind === OpKind.union ? type : type?.kind === 'vector' ? type.element : undefined;
    if (tag === undefined || tag.deprecated || tags?.kind !== 'unionType' || tags.enum !== union) {
      throw this.#unsupported(field, 'a union without its tag right before it');
    }
    return { kind, first: union, second: 4 + 2 * tag.id, refersTo: 'union' };
  }

  /** FlatBuffers' own verifier looks for the alignment of a byte whatever the size of a tag. */
  #checkTag(field: Field, union: number): void {
    const { underlying } = this.#schema.enums[union]!;
    if (underlying !== 'ubyte') throw this.#unsupported(field, `a union with tags of ${underlying}`);
  }

  /** Ops of a union's members, by tag; `field` is one of that union. */
  members(field: Field, union: number): readonly Op[] {
    const ops: Op[] = [plain(OpKind.pass)];
    for (const { name, value, member } of this.#schema.enums[union]!.values) {
      if (member === undefined) continue;
      const op = this.#member(field, member);
      const tag = Number(value);
      if (op === undefined || !Number.isInteger(tag) || tag < 1 || tag > MAX_TAG) {
        throw this.#unsupported(field, `member ${name} of its union`);
      }
      while (ops.length <= tag) ops.push(plain(OpKind.pass));
      ops[tag] = op;
    }
    return ops;
  }

  #member(field: Field, member: ElementType): Op | undefined {
    switch (member.kind) {
      case 'string':
        return plain(OpKind.string);
      case 'table':
        return tableOp(OpKind.table, member.object);
      case 'struct': {
        const { bytes, alignment } = this.#struct(field, member.object);
        return { kind: OpKind.struct, first: bytes | ((alignment - 1) << FIELD_ALIGNMENT_SHIFT), second: 0 };
      }
      default:
        return undefined;
    }
  }

  #unsupported(field: Field, got: string): ModwireError {
    return new ModwireError('UNIMPLEMENTED', {
      what: 'no verifier for the type of a field',
      got,
      where: `${this.#table.name}.${field.name}`,
    });
  }
}

function plain(kind: number): Op {
  return { kind, first: 0, second: 0 };
}

function tableOp(kind: number, object: number): Op {
  return { kind, first: object, second: 0, refersTo: 'table' };
}

function vectorOp(flags: number, bytes: number, alignment: number): Op {
  return { kind: OpKind.vector | flags, first: bytes, second: alignment - 1 };
}
