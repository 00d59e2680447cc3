import { HIGH, Memory } from '../../codec/memory.js';
import { type ElementType, type FieldType, SCALAR_BYTES, type Schema } from '../schema-model.js';
import { planOf, type TranscodePlan } from './transcode-plan.js';

/** A payload that was verified against its schema, for those who walk through it: nothing is checked here. */
export class VerifiedPayload {
  readonly plan: TranscodePlan;
  readonly memory: Memory;

  constructor(schema: Schema, payload: Uint8Array) {
    this.plan = planOf(schema);
    this.memory = new Memory(payload);
  }

  /** Where the root table lies of the payload, or of one nested in it, that starts at `start`. */
  rootTable(start: number): number {
    return start + this.memory.data.getUint32(start, true);
  }

  /** Where a field lies, by the place of its entry in the vtable; 0 when it is absent. */
  fieldAt(table: number, entry: number): number {
    const { data } = this.memory;
    const vtable = table - data.getInt32(table, true);
    if (entry >= data.getUint16(vtable, true)) return 0;
    const offset = data.getUint16(vtable + entry, true);
    return offset === 0 ? 0 : table + offset;
  }

  /** Where the offset at `at` leads. `wide`: it has 64 bits. */
  target(at: number, wide: boolean): number {
    return at + this.#number(at, wide);
  }

  /** Elements of a vector. `wide`: its length has 64 bits. */
  count(vector: number, wide: boolean): number {
    return this.#number(vector, wide);
  }

  /** What the tag at `tag` stands for; undefined for none and for a tag that the schema does not know. */
  memberOf(type: FieldType, tag: number): ElementType | undefined {
    if (type.kind !== 'union' || tag === 0) return undefined;
    return this.plan.enum(type.enum).members.get(this.memory.u8[tag]!);
  }

  /** What an element takes where it lies: of what is behind an offset, the offset. Bytes. */
  inlineBytes(type: ElementType): number {
    if (type.kind === 'scalar') return SCALAR_BYTES[type.scalar];
    if (type.kind === 'struct') return this.plan.object(type.object).object.byteSize;
    return type.kind === 'unionType' ? 1 : 4;
  }

  #number(at: number, wide: boolean): number {
    const { data } = this.memory;
    const low = data.getUint32(at, true);
    return wide ? data.getUint32(at + 4, true) * HIGH + low : low;
  }
}
