import { HIGH, type Memory } from '../../codec/memory.js';
import { type ElementType, type Field, type FieldType, SCALAR_BYTES } from '../schema-model.js';
import type { JsonOutput } from './json-output.js';
import { defaultText, scalarText } from './scalar-to-json.js';
import type { FieldPlan, TranscodePlan } from './transcode-plan.js';

const COMMA = 0x2c;

/** Writes verified payloads as JSON. */
export class TableToJson {
  readonly #plan: TranscodePlan;
  readonly #memory: Memory;
  readonly #output: JsonOutput;

  constructor(plan: TranscodePlan, memory: Memory, output: JsonOutput) {
    this.#plan = plan;
    this.#memory = memory;
    this.#output = output;
  }

  /** Writes the payload that starts at `start`. */
  payload(start: number, root: number): void {
    this.#table(start + this.#memory.data.getUint32(start, true), root);
  }

  #table(table: number, index: number): void {
    const { data } = this.#memory;
    const output = this.#output;
    const vtable = table - data.getInt32(table, true);
    const vtableBytes = data.getUint16(vtable, true);
    output.ascii('{');
    let isFirst = true;
    let tags = 0;
    const { fields, keyField } = this.#plan.object(index);
    for (const plan of fields) {
      const { field } = plan;
      if (field.offset >= vtableBytes && field.id > (keyField?.id ?? 0)) break;
      const offset = field.offset < vtableBytes ? data.getUint16(vtable + field.offset, true) : 0;
      const at = offset === 0 ? 0 : table + offset;
      if (this.#isShown(field, at, tags)) {
        if (!isFirst) output.byte(COMMA);
        isFirst = false;
        output.bytes(plan.key);
        if (at === 0) this.#default(plan);
        else this.#field(field, at, tags);
      }
      // Where the tags of the union are that comes right after them.
      tags = at;
    }
    output.ascii('}');
  }

  #isShown({ type, key, deprecated }: Field, at: number, tags: number): boolean {
    if (deprecated) return false;
    // As flatc does: what a vector is sorted by is always there.
    if (at === 0) return key && type.kind === 'scalar';
    return type.kind !== 'union' || this.#memberOf(type, tags) !== undefined;
  }

  #default({ field: { type }, default: value }: FieldPlan): void {
    if (type.kind !== 'scalar') return;
    const of = type.enum === undefined ? undefined : this.#plan.enum(type.enum);
    this.#output.ascii(defaultText(value, type.scalar, of));
  }

  #field(field: Field, at: number, tags: number): void {
    const { type } = field;
    if (type.kind === 'vector') {
      const vector = this.#target(at, field.wideOffset);
      const first = vector + (type.wide ? 8 : 4);
      if (field.nested !== undefined) {
        this.payload(first, field.nested);
        return;
      }
      const count = this.#count(vector, type.wide);
      // Unions that lie in a vector have their tags in another one.
      const areTagged = type.element.kind === 'union' && tags !== 0;
      this.#elements(type.element, first, count, areTagged ? this.#target(tags, false) + 4 : 0);
    } else if (type.kind === 'string' && field.wideOffset) this.#string(this.#target(at, true));
    else this.#value(type, at, tags);
  }

  #value(type: FieldType, at: number, tag: number): void {
    switch (type.kind) {
      case 'scalar':
      case 'unionType': {
        const scalar = type.kind === 'scalar' ? type.scalar : 'ubyte';
        const of = type.enum === undefined ? undefined : this.#plan.enum(type.enum);
        this.#output.ascii(scalarText(this.#memory.data, at, scalar, of));
        return;
      }
      case 'string':
        this.#string(this.#target(at, false));
        return;
      case 'struct':
        this.#struct(at, type.object);
        return;
      case 'table':
        this.#table(this.#target(at, false), type.object);
        return;
      case 'array':
        this.#elements(type.element, at, type.length, 0);
        return;
      case 'union': {
        const member = this.#memberOf(type, tag);
        if (member === undefined || this.#memory.data.getUint32(at, true) === 0) {
          this.#output.ascii('null');
          return;
        }
        if (member.kind === 'struct') {
          this.#struct(this.#target(at, false), member.object);
          return;
        }
        this.#value(member, at, 0);
        return;
      }
    }
  }

  /** `tags`: where the tags of these elements start, when they are unions; else 0. */
  #elements(type: ElementType, first: number, count: number, tags: number): void {
    const output = this.#output;
    const size = this.#inlineBytes(type);
    output.ascii('[');
    for (let index = 0; index < count; index++) {
      if (index > 0) output.byte(COMMA);
      this.#value(type, first + index * size, tags === 0 ? 0 : tags + index);
    }
    output.ascii(']');
  }

  #struct(at: number, index: number): void {
    const output = this.#output;
    output.ascii('{');
    for (const { field, key } of this.#plan.object(index).fields) {
      if (field.id > 0) output.byte(COMMA);
      output.bytes(key);
      this.#value(field.type, at + field.offset, 0);
    }
    output.ascii('}');
  }

  #string(string: number): void {
    const { data, u8 } = this.#memory;
    this.#output.string(u8, string + 4, string + 4 + data.getUint32(string, true));
  }

  /** What the tag at `tag` stands for; undefined for none and for a tag that the schema does not know. */
  #memberOf(type: FieldType, tag: number): ElementType | undefined {
    if (type.kind !== 'union' || tag === 0) return undefined;
    return this.#plan.enum(type.enum).members.get(this.#memory.u8[tag]!);
  }

  #inlineBytes(type: ElementType): number {
    if (type.kind === 'scalar') return SCALAR_BYTES[type.scalar];
    if (type.kind === 'struct') return this.#plan.object(type.object).object.byteSize;
    return type.kind === 'unionType' ? 1 : 4;
  }

  #target(at: number, wide: boolean): number {
    const { data } = this.#memory;
    const low = data.getUint32(at, true);
    return at + (wide ? data.getUint32(at + 4, true) * HIGH + low : low);
  }

  #count(vector: number, wide: boolean): number {
    const { data } = this.#memory;
    const low = data.getUint32(vector, true);
    return wide ? data.getUint32(vector + 4, true) * HIGH + low : low;
  }
}
