import type {
  ElementType,
  EnumType,
  Field,
  FieldType,
  ObjectType,
  ScalarName,
  Schema,
} from '../../src/contracts/schema-model.js';

type Json = unknown;
type JsonObject = Record<string, Json>;

/** One change of a payload's JSON that is a difference at one path. */
export interface Perturbation {
  /** Where the change is; changes within one another cannot be made together. */
  readonly location: readonly (string | number)[];
  /** What a comparison calls the place. */
  readonly path: string;
  readonly kind: 'value' | 'missing' | 'length';
  /** Of a float what it was. */
  readonly float?: number;
  /** Changes the JSON in place. */
  readonly apply: (root: JsonObject) => void;
}

/** How a number with a fraction becomes another one. */
export type Drift = (value: number, scalar: ScalarName) => number;

/** Everything about the JSON of a payload that can be changed by itself. */
export function perturbationsOf(schema: Schema, root: number, json: JsonObject): Perturbation[] {
  const found: Perturbation[] = [];
  new Perturber(schema, beyondTolerance, found).object(schema.objects[root]!, json, [], '');
  return found;
}

/** The same of its finite floats alone. */
export function floatDrifts(schema: Schema, root: number, json: JsonObject, drift: Drift): Perturbation[] {
  const found: Perturbation[] = [];
  new Perturber(schema, drift, found).object(schema.objects[root]!, json, [], '');
  return found.filter(({ float }) => Number.isFinite(float));
}

function beyondTolerance(value: number): number {
  return Number.isFinite(value) ? value + 1 + Math.abs(value) / 64 : 0;
}

class Perturber {
  readonly #schema: Schema;
  readonly #drift: Drift;
  readonly #found: Perturbation[];

  constructor(schema: Schema, drift: Drift, found: Perturbation[]) {
    this.#schema = schema;
    this.#drift = drift;
    this.#found = found;
  }

  object(object: ObjectType, json: JsonObject, location: readonly (string | number)[], path: string): void {
    for (const [index, field] of object.fields.entries()) {
      const value = json[field.name];
      // Vectors are sorted by their keys: one that changes would move its element.
      if (value === undefined || field.key || elementOf(field.type).kind === 'unionType') continue;
      const at = [...location, field.name];
      const own = path === '' ? field.name : `${path}.${field.name}`;
      this.#removal(object, field, value, at, own);
      if (field.nested !== undefined) {
        this.object(this.#schema.objects[field.nested]!, value as JsonObject, at, own);
      } else this.#value(field.type, value, at, own, tagsOf(json, object.fields[index - 1]));
    }
  }

  #removal(
    object: ObjectType,
    field: Field,
    value: Json,
    at: readonly (string | number)[],
    path: string,
  ): void {
    const { type } = field;
    if (object.isStruct || field.required || (type.kind === 'scalar' && !field.optional)) return;
    if (type.kind === 'vector' && field.nested === undefined) {
      if ((value as Json[]).length === 0 || type.element.kind === 'union' || this.#isSorted(type.element))
        return;
      this.#add(at, path, 'length', (parent, name) => (parent[name] as Json[]).pop());
      return;
    }
    this.#add(at, path, 'missing', (parent, name) => {
      delete parent[name];
      if (type.kind === 'union') delete parent[`${name}_type`];
    });
  }

  #value(type: FieldType, value: Json, at: readonly (string | number)[], path: string, tags: Json): void {
    switch (type.kind) {
      case 'scalar':
        this.#scalar(type, value, at, path);
        return;
      case 'string':
        this.#add(at, path, 'value', (parent, name) => {
          parent[name] = `${value}.`;
        });
        return;
      case 'struct':
      case 'table':
        this.object(this.#schema.objects[type.object]!, value as JsonObject, at, path);
        return;
      case 'union':
        this.#value(memberOf(this.#schema.enums[type.enum]!, tags), value, at, path, undefined);
        return;
      case 'vector':
      case 'array':
        for (const [index, element] of (value as Json[]).entries()) {
          this.#value(
            type.element,
            element,
            [...at, index],
            `${path}[]`,
            (tags as Json[] | undefined)?.[index],
          );
        }
        return;
      default:
        throw new Error(`no value of its own: ${type.kind}`);
    }
  }

  /** Its last element is anywhere in the payload. */
  #isSorted(type: ElementType): boolean {
    return 'object' in type && this.#schema.objects[type.object]!.fields.some(({ key }) => key);
  }

  #scalar(
    type: ElementType & { kind: 'scalar' },
    value: Json,
    at: readonly (string | number)[],
    path: string,
  ): void {
    const isFloat = type.scalar === 'float' || type.scalar === 'double';
    const of = type.enum === undefined ? undefined : this.#schema.enums[type.enum]!;
    const other = isFloat ? this.#drift(Number(value), type.scalar) : otherThan(type.scalar, of, value);
    const change = (parent: JsonObject, name: string | number) => {
      parent[name] = other;
    };
    this.#add(at, path, 'value', change, isFloat ? { float: Number(value) } : {});
  }

  #add(
    location: readonly (string | number)[],
    path: string,
    kind: Perturbation['kind'],
    change: (parent: JsonObject, name: string | number) => void,
    float: { float?: number } = {},
  ): void {
    const apply = (root: JsonObject) => {
      const parent = location.slice(0, -1).reduce<Json>((at, step) => (at as JsonObject)[step], root);
      change(parent as JsonObject, location.at(-1)!);
    };
    this.#found.push({ location, path, kind, apply, ...float });
  }
}

/** Another value of the type. Of enums and bits one of two small ones. */
function otherThan(scalar: ScalarName, of: EnumType | undefined, value: Json): Json {
  if (scalar === 'bool') return !value;
  if (of !== undefined) return numberIn(of, value) === 1n ? 2 : 1;
  const number = BigInt(value as string);
  // Towards zero, where all ranges are; 1 is in all of them too.
  const other = number > 0n ? number - 1n : number + 1n;
  return scalar === 'long' || scalar === 'ulong' ? String(other) : Number(other);
}

function numberIn(of: EnumType, value: Json): bigint {
  if (typeof value !== 'string') return BigInt(value as number);
  const named = new Map(of.values.map((one) => [one.name, BigInt(one.value)]));
  return value.split(' ').reduce((bits, name) => bits | named.get(name)!, 0n);
}

function elementOf(type: FieldType): ElementType {
  return type.kind === 'vector' || type.kind === 'array' ? type.element : type;
}

function tagsOf(json: JsonObject, before: Field | undefined): Json {
  return before === undefined ? undefined : json[before.name];
}

function memberOf(union: EnumType, tag: Json): ElementType {
  return union.values.find(({ name, value }) => name === tag || Number(value) === tag)!.member!;
}
