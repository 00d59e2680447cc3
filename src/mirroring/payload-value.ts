import { defaultText, scalarAt } from '../contracts/json/scalar-to-json.js';
import type { FieldPlan, ScalarValue } from '../contracts/json/transcode-plan.js';
import type { VerifiedPayload } from '../contracts/json/verified-payload.js';
import type { ElementType, Field, FieldType } from '../contracts/schema-model.js';
import { countedElements, shownBytes } from './shown-value.js';

export type ScalarType = ElementType & { readonly kind: 'scalar' };

/** A value of a payload, as far as it was looked at: what lies within is where it says. Places count from the payload's start. */
export type PayloadValue =
  | { readonly kind: 'scalar'; readonly type: ScalarType; readonly value: ScalarValue }
  /** Its bytes. */
  | { readonly kind: 'string'; readonly start: number; readonly end: number }
  | { readonly kind: 'struct' | 'table'; readonly object: number; readonly at: number }
  | PayloadElements
  /** `member` is undefined of a tag that the schema does not know. */
  | {
      readonly kind: 'union';
      readonly tag: number;
      readonly name: string;
      readonly member: PayloadValue | undefined;
    };

/** A vector or fixed array. */
export interface PayloadElements {
  readonly kind: 'elements';
  readonly type: ElementType;
  /** Where the first one lies, and of unions its tag. */
  readonly first: number;
  readonly tags: number;
  readonly count: number;
}

/** The field of a table of type `object`; undefined when there is no value, not even a default. */
export function fieldValue(
  payload: VerifiedPayload,
  table: number,
  object: number,
  plan: FieldPlan,
): PayloadValue | undefined {
  const { field } = plan;
  const { type } = field;
  const at = payload.fieldAt(table, field.offset);
  if (at === 0) {
    return type.kind === 'scalar' && !field.optional
      ? { kind: 'scalar', type, value: plan.default }
      : undefined;
  }
  if (type.kind === 'union') return unionValue(payload, type.enum, at, tagsOf(payload, table, object, field));
  if (type.kind === 'string') return stringValue(payload, payload.target(at, field.wideOffset));
  if (type.kind !== 'vector') return valueAt(payload, type, at, 0);
  const vector = payload.target(at, field.wideOffset);
  const first = vector + (type.wide ? 8 : 4);
  if (field.nested !== undefined)
    return { kind: 'table', object: field.nested, at: payload.rootTable(first) };
  const tags =
    type.element.kind === 'union' ? payload.target(tagsOf(payload, table, object, field), false) + 4 : 0;
  return { kind: 'elements', type: type.element, first, tags, count: payload.count(vector, type.wide) };
}

/** The value that lies at `at`, or behind the offset there; undefined of a union without. `tag`: where a union's tag lies. */
export function valueAt(
  payload: VerifiedPayload,
  type: FieldType,
  at: number,
  tag: number,
): PayloadValue | undefined {
  switch (type.kind) {
    case 'scalar':
      return { kind: 'scalar', type, value: scalarAt(payload.memory.data, at, type.scalar) };
    case 'string':
      return stringValue(payload, payload.target(at, false));
    case 'struct':
      return { kind: 'struct', object: type.object, at };
    case 'table':
      return { kind: 'table', object: type.object, at: payload.target(at, false) };
    case 'array':
      return { kind: 'elements', type: type.element, first: at, tags: 0, count: type.length };
    case 'union':
      return unionValue(payload, type.enum, at, tag);
    default:
      throw new Error(`no value of its own: ${type.kind}`);
  }
}

/** A value as a text that is never long; of a text around byte `differsAt`. */
export function valueText(payload: VerifiedPayload, value: PayloadValue, differsAt = 0): string {
  const { plan, memory } = payload;
  switch (value.kind) {
    case 'scalar':
      return scalarText(payload, value.type, value.value);
    case 'string':
      return shownBytes(memory.u8.subarray(value.start, value.end), differsAt);
    case 'elements':
      return countedElements(value.count);
    case 'union':
      return value.name;
    default:
      return plan.object(value.object).object.name;
  }
}

/** As JSON has it: of an enum by its name. */
export function scalarText({ plan }: VerifiedPayload, type: ScalarType, value: ScalarValue): string {
  return defaultText(value, type.scalar, type.enum === undefined ? undefined : plan.enum(type.enum));
}

/** What the type of a value is called. */
export function typeText(payload: VerifiedPayload, value: PayloadValue): string {
  if (value.kind === 'scalar') return value.type.scalar;
  if (value.kind === 'elements') return `[${elementText(payload, value.type)}]`;
  return value.kind === 'string' ? 'string' : valueText(payload, value);
}

function elementText({ plan }: VerifiedPayload, type: ElementType): string {
  if (type.kind === 'scalar') return type.scalar;
  return 'object' in type ? plan.object(type.object).object.name : type.kind;
}

function stringValue({ memory }: VerifiedPayload, string: number): PayloadValue {
  const start = string + 4;
  return { kind: 'string', start, end: start + memory.data.getUint32(string, true) };
}

function unionValue(
  payload: VerifiedPayload,
  type: number,
  at: number,
  tagAt: number,
): PayloadValue | undefined {
  const tag = tagAt === 0 ? 0 : payload.memory.u8[tagAt]!;
  if (tag === 0) return undefined;
  const { members, names } = payload.plan.enum(type);
  const member = members.get(tag);
  // Structs in unions lie behind an offset, unlike those in fields.
  const place = member?.kind === 'struct' ? payload.target(at, false) : at;
  const value = member && valueAt(payload, member, place, 0);
  return { kind: 'union', tag, name: names.get(tag) ?? String(tag), member: value };
}

/** Where the field with the tags of a union lies: it is the one before; 0 when it is absent. */
function tagsOf(payload: VerifiedPayload, table: number, object: number, { id }: Field): number {
  const { fields } = payload.plan.object(object).object;
  return payload.fieldAt(table, fields[id - 1]!.offset);
}
