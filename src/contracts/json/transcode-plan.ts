import { encodeUtf8 } from '../../codec/utf8.js';
import { compileProgram } from '../compile-program.js';
import type { Program } from '../program.js';
import type { ElementType, EnumType, Field, ObjectType, ScalarName, Schema } from '../schema-model.js';

/** A value of a scalar: of 64 bits as a bigint, any other as a number. */
export type ScalarValue = number | bigint;

export interface FieldPlan {
  readonly field: Field;
  /** `"name":` in UTF-8. */
  readonly key: Uint8Array;
  /** Of scalars and tags. */
  readonly default: ScalarValue;
  /** Whether the default is written like any other value. */
  readonly writesDefault: boolean;
}

export interface ObjectPlan {
  readonly object: ObjectType;
  /** By position in the object. */
  readonly fields: readonly FieldPlan[];
  readonly byName: ReadonlyMap<string, FieldPlan>;
  readonly required: readonly Field[];
  /** What vectors of this object are sorted by. */
  readonly keyField: Field | undefined;
}

export interface EnumPlan {
  readonly type: EnumType;
  readonly values: ReadonlyMap<string, ScalarValue>;
  readonly names: ReadonlyMap<ScalarValue, string>;
  /** Of bit_flags: those values that are one bit each. */
  readonly flags: readonly (readonly [bit: bigint, name: string])[];
  /** What a union's tags stand for. */
  readonly members: ReadonlyMap<ScalarValue, ElementType>;
}

/** What both directions look up of a schema again and again; made for each type when it is first met. */
export class TranscodePlan {
  readonly schema: Schema;
  readonly #objects: (ObjectPlan | undefined)[] = [];
  readonly #enums: (EnumPlan | undefined)[] = [];
  readonly #programs: (Program | undefined)[] = [];

  constructor(schema: Schema) {
    this.schema = schema;
  }

  object(index: number): ObjectPlan {
    this.#objects[index] ??= planObject(this.schema.objects[index]!);
    return this.#objects[index];
  }

  enum(index: number): EnumPlan {
    this.#enums[index] ??= planEnum(this.schema.enums[index]!);
    return this.#enums[index];
  }

  /** Verifies nested buffers of this table: such carry no file identifier. */
  program(index: number): Program {
    this.#programs[index] ??= compileProgram({ ...this.schema, fileIdentifier: '' }, index);
    return this.#programs[index];
  }
}

const PLANS = new WeakMap<Schema, TranscodePlan>();

export function planOf(schema: Schema): TranscodePlan {
  let plan = PLANS.get(schema);
  if (plan === undefined) {
    plan = new TranscodePlan(schema);
    PLANS.set(schema, plan);
  }
  return plan;
}

export function isWide(scalar: ScalarName): boolean {
  return scalar === 'long' || scalar === 'ulong';
}

export function isUnion(field: Field): boolean {
  const { type } = field;
  return type.kind === 'union' || (type.kind === 'vector' && type.element.kind === 'union');
}

function planObject(object: ObjectType): ObjectPlan {
  const fields = object.fields.map((field) => ({
    field,
    key: encodeUtf8(`${JSON.stringify(field.name)}:`),
    default: defaultOf(field),
    writesDefault: writesDefault(field),
  }));
  return {
    object,
    fields,
    byName: new Map(fields.map((plan) => [plan.field.name, plan])),
    required: object.fields.filter((field) => field.required && !field.deprecated),
    keyField: object.fields.find((field) => field.key),
  };
}

function defaultOf({ type, defaultInteger, defaultReal }: Field): ScalarValue {
  if (type.kind !== 'scalar') return 0;
  if (type.scalar === 'float') return Math.fround(Number(defaultReal));
  if (type.scalar === 'double') return Number(defaultReal);
  return isWide(type.scalar) ? BigInt(defaultInteger) : Number(defaultInteger);
}

function writesDefault({ type, optional, defaultInteger }: Field): boolean {
  if (optional) return true;
  // flatc writes every default above the signed ones into .bfbs as 0: there 0 may be the default or not.
  return type.kind === 'scalar' && type.scalar === 'ulong' && defaultInteger === '0';
}

function planEnum(type: EnumType): EnumPlan {
  const wide = isWide(type.underlying);
  const values = new Map<string, ScalarValue>();
  const names = new Map<ScalarValue, string>();
  const members = new Map<ScalarValue, ElementType>();
  for (const { name, value: text, member } of type.values) {
    const value = wide ? BigInt(text) : Number(text);
    values.set(name, value);
    // Of several names of one value the first one names it.
    if (!names.has(value)) names.set(value, name);
    if (member !== undefined) members.set(value, member);
  }
  return { type, values, names, flags: type.bitFlags ? flagsOf(names) : [], members };
}

/** At most 64, however many values a type has. */
function flagsOf(names: ReadonlyMap<ScalarValue, string>): (readonly [bigint, string])[] {
  const flags: (readonly [bigint, string])[] = [];
  for (const [value, name] of names) {
    const bit = BigInt(value);
    if (bit > 0n && (bit & (bit - 1n)) === 0n) flags.push([bit, name]);
  }
  return flags;
}
