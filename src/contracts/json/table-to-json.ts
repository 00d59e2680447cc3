import type { ElementType, Field, FieldType } from '../schema-model.js';
import type { JsonOutput } from './json-output.js';
import { defaultText, scalarText } from './scalar-to-json.js';
import type { FieldPlan } from './transcode-plan.js';
import type { VerifiedPayload } from './verified-payload.js';

const COMMA = 0x2c;

/** Writes verified payloads as JSON. */
export class TableToJson {
  readonly #payload: VerifiedPayload;
  readonly #output: JsonOutput;

  constructor(payload: VerifiedPayload, output: JsonOutput) {
    this.#payload = payload;
    this.#output = output;
  }

  /** Writes the payload that starts at `start`. */
  payload(start: number, root: number): void {
    this.#table(this.#payload.rootTable(start), root);
  }

  #table(table: number, index: number): void {
    const { data } = this.#payload.memory;
    const output = this.#output;
    const vtable = table - data.getInt32(table, true);
    const vtableBytes = data.getUint16(vtable, true);
    output.ascii('{');
    let isFirst = true;
    let tags = 0;
    const { fields, keyField } = this.#payload.plan.object(index);
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
    return type.kind !== 'union' || this.#payload.memberOf(type, tags) !== undefined;
  }

  #default({ field: { type }, default: value }: FieldPlan): void {
    if (type.kind !== 'scalar') return;
    const of = type.enum === undefined ? undefined : this.#payload.plan.enum(type.enum);
    this.#output.ascii(defaultText(value, type.scalar, of));
  }

  #field(field: Field, at: number, tags: number): void {
    const { type } = field;
    if (type.kind === 'vector') {
      const vector = this.#payload.target(at, field.wideOffset);
      const first = vector + (type.wide ? 8 : 4);
      if (field.nested !== undefined) {
        this.payload(first, field.nested);
        return;
      }
      const count = this.#payload.count(vector, type.wide);
      // Unions that lie in a vector have their tags in another one.
      const areTagged = type.element.kind === 'union' && tags !== 0;
      this.#elements(type.element, first, count, areTagged ? this.#payload.target(tags, false) + 4 : 0);
    } else if (type.kind === 'string' && field.wideOffset) this.#string(this.#payload.target(at, true));
    else this.#value(type, at, tags);
  }

  #value(type: FieldType, at: number, tag: number): void {
    switch (type.kind) {
      case 'scalar':
      case 'unionType': {
        const scalar = type.kind === 'scalar' ? type.scalar : 'ubyte';
        const of = type.enum === undefined ? undefined : this.#payload.plan.enum(type.enum);
        this.#output.ascii(scalarText(this.#payload.memory.data, at, scalar, of));
        return;
      }
      case 'string':
        this.#string(this.#payload.target(at, false));
        return;
      case 'struct':
        this.#struct(at, type.object);
        return;
      case 'table':
        this.#table(this.#payload.target(at, false), type.object);
        return;
      case 'array':
        this.#elements(type.element, at, type.length, 0);
        return;
      case 'union': {
        const member = this.#payload.memberOf(type, tag);
        if (member === undefined || this.#payload.memory.data.getUint32(at, true) === 0) {
          this.#output.ascii('null');
          return;
        }
        if (member.kind === 'struct') {
          this.#struct(this.#payload.target(at, false), member.object);
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
    const size = this.#payload.inlineBytes(type);
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
    for (const { field, key } of this.#payload.plan.object(index).fields) {
      if (field.id > 0) output.byte(COMMA);
      output.bytes(key);
      this.#value(field.type, at + field.offset, 0);
    }
    output.ascii('}');
  }

  #string(string: number): void {
    const { data, u8 } = this.#payload.memory;
    this.#output.string(u8, string + 4, string + 4 + data.getUint32(string, true));
  }
}
