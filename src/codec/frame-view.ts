import { Field, type FieldName, ID_BYTES, Origin, SPAN_ID_BYTES, Stamp, Trace } from './frame-layout.js';
import type { FrameShape } from './frame-shape.js';
import { Memory, readU64, writeU64 } from './memory.js';
import { decodeUtf8 } from './utf8.js';
import { Rule, type RuleNumber, type Violation, violation } from './verify-rule.js';

const PAYLOAD_TEXT = new TextDecoder('utf-8', { fatal: true });
const EMPTY = new Uint8Array(0);
const NO_MEMORY = new Memory(EMPTY);

/** Unsigned 64-bit fields of a frame. */
export type U64Field = 'publishedAt' | 'timeout' | 'sequence' | 'epoch' | 'brokerTime';

/**
 * Lazy getters over one verified frame. A view is a cursor: `FrameVerifier` points it at bytes, and pointing it
 * elsewhere costs no allocation. Nothing is copied: the getters read, and `payload` and the ids are views into, the
 * bytes that were verified, which stay valid as long as their owner leaves them alone.
 * Absent fields read as undefined; numbers of absent structs cannot occur, since `origin` and `stamp` are required.
 */
export class FrameView {
  /** The bytes this frame lies in; other frames of the same batch lie there too. */
  memory: Memory = NO_MEMORY;
  /** Where the frame's size prefix lies in `memory`. */
  start = 0;
  /** First byte after the frame. */
  end = 0;

  /** @internal */ table = 0;
  /** Where the struct Origin lies. @internal */ originAt = 0;
  /** Where the struct Stamp lies. @internal */ stampAt = 0;
  /** @internal */ shape!: FrameShape;
  /** Hash of the subject's bytes under the verifier's seed. @internal */ subjectHash = 0;
  /** The subject's text once someone has asked for it. @internal */ subjectText: string | undefined;
  /** @internal */ subjectStart = 0;
  /** @internal */ subjectEnd = 0;
  /** Where the payload's first byte lies in `memory`. */
  payloadStart = 0;
  /** First byte after the payload in `memory`. */
  payloadEnd = 0;

  /** @internal */ failedRule: RuleNumber = Rule.ok;
  /** @internal */ failedAt = 0;
  /** @internal */ failedPath = '';

  /** Why the last verification failed; undefined when it did not. */
  get violation(): Violation | undefined {
    return this.failedRule === Rule.ok
      ? undefined
      : violation(this.failedRule, this.failedAt - this.start, this.failedPath);
  }

  /** Size with the size prefix. Bytes. */
  get byteLength(): number {
    return this.end - this.start;
  }

  /** The frame's own bytes, its size prefix included: a view, no copy. */
  get bytes(): Uint8Array {
    return this.memory.u8.subarray(this.start, this.end);
  }

  get subject(): string {
    this.subjectText ??= decodeUtf8(this.memory.u8, this.subjectStart, this.subjectEnd);
    return this.subjectText;
  }

  /**
   * The payload's bytes: a view, no copy; empty when there is none. A hot path that wants no object at all reads
   * `memory` from `payloadStart` to `payloadEnd`.
   */
  get payload(): Uint8Array {
    // Half the time of `subarray`.
    const { buffer, byteOffset } = this.memory.u8;
    return new Uint8Array(buffer, byteOffset + this.payloadStart, this.payloadEnd - this.payloadStart);
  }

  /** The payload as text. Throws TypeError when it is not UTF-8. */
  text(): string {
    return PAYLOAD_TEXT.decode(this.payload);
  }

  /** The payload read as JSON. Throws SyntaxError when it is none. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  get payloadLength(): number {
    return this.payloadEnd - this.payloadStart;
  }

  /** Message id, a UUIDv7: 16 bytes. */
  get id(): Uint8Array {
    const at = this.originAt + Origin.id;
    return this.memory.u8.subarray(at, at + ID_BYTES);
  }

  /** Producer's clock in microseconds since the Unix epoch. */
  get publishedAt(): number {
    return readU64(this.memory.data, this.originAt + Origin.publishedAt);
  }

  /** Remaining time to answer in microseconds; 0 when there is none. */
  get timeout(): number {
    return readU64(this.memory.data, this.originAt + Origin.timeout);
  }

  /** A number of the enum Kind; unknown ones come from newer versions. */
  get kind(): number {
    return this.memory.u8[this.originAt + Origin.kind]!;
  }

  /** A number of the enum ContentType; unknown ones come from newer versions. */
  get contentType(): number {
    return this.memory.u8[this.originAt + Origin.contentType]!;
  }

  get priority(): number {
    return this.memory.u8[this.originAt + Origin.priority]!;
  }

  /** Bits of the enum FrameFlags. */
  get flags(): number {
    return this.memory.u8[this.originAt + Origin.flags]!;
  }

  /** Position within the subject and epoch, from 1; 0 before the broker has stamped the frame. */
  get sequence(): number {
    return readU64(this.memory.data, this.stampAt + Stamp.sequence);
  }

  /** Which count `sequence` belongs to; 0 before the broker has stamped the frame. */
  get epoch(): number {
    return readU64(this.memory.data, this.stampAt + Stamp.epoch);
  }

  /** Broker's clock at admission in microseconds since the Unix epoch; 0 before the broker has stamped the frame. */
  get brokerTime(): number {
    return readU64(this.memory.data, this.stampAt + Stamp.brokerTime);
  }

  /**
   * W3C trace id, 16 bytes. A frame that carries no trace begins one, whose id is the message id: nothing needs to be
   * made up, sent or looked up for messages that nothing caused.
   */
  get traceId(): Uint8Array {
    return this.#inline(Field.trace, Trace.traceId, ID_BYTES) ?? this.id;
  }

  /** W3C span id of the producer's span, 8 bytes; of a trace that begins here, the end of the message id. */
  get spanId(): Uint8Array {
    return (
      this.#inline(Field.trace, Trace.spanId, SPAN_ID_BYTES) ?? this.id.subarray(ID_BYTES - SPAN_ID_BYTES)
    );
  }

  /** W3C trace flags; 0 when the frame carries no trace. */
  get traceFlags(): number {
    const at = this.shape.offsets[Field.trace]!;
    return at === 0 ? 0 : this.memory.u8[this.table + at + Trace.flags]!;
  }

  get correlationId(): Uint8Array | undefined {
    return this.#inline(Field.correlationId, 0, ID_BYTES);
  }

  get causationId(): Uint8Array | undefined {
    return this.#inline(Field.causationId, 0, ID_BYTES);
  }

  /** Content hash of the payload's schema, 16 bytes. */
  get schemaId(): Uint8Array | undefined {
    return this.#inline(Field.schemaId, 0, ID_BYTES);
  }

  /** Where the schema id lies in `memory`; -1 when there is none. For hot paths. */
  get schemaIdAt(): number {
    const offset = this.shape.offsets[Field.schemaId]!;
    return offset === 0 ? -1 : this.table + offset;
  }

  get tracestate(): string | undefined {
    return this.#text(Field.tracestate);
  }

  get baggage(): string | undefined {
    return this.#text(Field.baggage);
  }

  get experiment(): string | undefined {
    return this.#text(Field.experiment);
  }

  get variant(): string | undefined {
    return this.#text(Field.variant);
  }

  get assignmentKey(): string | undefined {
    return this.#text(Field.assignmentKey);
  }

  /** Tenant-defined headers in their order; names may repeat. */
  get headers(): ReadonlyArray<readonly [name: string, value: string]> {
    const at = this.shape.offsets[Field.headers]!;
    if (at === 0) return [];
    const { data } = this.memory;
    const vector = this.#follow(this.table + at);
    const count = data.getUint32(vector, true);
    const headers: Array<readonly [string, string]> = [];
    for (let index = 0; index < count; index++) {
      const table = this.#follow(vector + 4 + 4 * index);
      const vtable = table - data.getInt32(table, true);
      headers.push([
        this.#string(table + data.getUint16(vtable + 4, true)),
        this.#string(table + data.getUint16(vtable + 6, true)),
      ]);
    }
    return headers;
  }

  has(field: FieldName): boolean {
    return this.shape.offsets[Field[field]]! !== 0;
  }

  /** A 64-bit field without loss above 2^53. */
  u64(field: U64Field): bigint {
    const at =
      field === 'publishedAt' || field === 'timeout'
        ? this.originAt + Origin[field]
        : this.stampAt + Stamp[field];
    return this.memory.data.getBigUint64(at, true);
  }

  /**
   * Writes the stamp in place: the broker's privilege. Verification made sure that these bytes are shared with
   * nothing else, so that everything the producer wrote stays as it was.
   */
  stamp(sequence: number, epoch: number, brokerTime: number): void {
    const at = this.stampAt;
    const { data } = this.memory;
    writeU64(data, at + Stamp.sequence, sequence);
    writeU64(data, at + Stamp.epoch, epoch);
    writeU64(data, at + Stamp.brokerTime, brokerTime);
  }

  /** Another view of the same bytes, to keep while this one moves on. The bytes are still borrowed. */
  retain(): FrameView {
    return this.moved(this.memory, 0);
  }

  /**
   * A view of a copy of the frame's bytes, independent of whoever owns the original: in memory of its own, or at `at`, a
   * multiple of 8, of `memory`.
   */
  copy(memory = Memory.allocate(this.byteLength), at = 0): FrameView {
    memory.u8.set(this.bytes, at);
    return this.moved(memory, at - this.start);
  }

  /** A view of the same bytes where somebody has put them. @internal */
  moved(memory: Memory, distance: number): FrameView {
    const view = new FrameView();
    view.memory = memory;
    view.start = this.start + distance;
    view.end = this.end + distance;
    view.table = this.table + distance;
    view.originAt = this.originAt + distance;
    view.stampAt = this.stampAt + distance;
    view.shape = this.shape;
    view.subjectText = this.subjectText;
    view.subjectHash = this.subjectHash;
    view.subjectStart = this.subjectStart + distance;
    view.subjectEnd = this.subjectEnd + distance;
    view.payloadStart = this.payloadStart + distance;
    view.payloadEnd = this.payloadEnd + distance;
    return view;
  }

  #inline(field: number, from: number, byteLength: number): Uint8Array | undefined {
    const offset = this.shape.offsets[field]!;
    if (offset === 0) return undefined;
    const at = this.table + offset + from;
    return this.memory.u8.subarray(at, at + byteLength);
  }

  #text(field: number): string | undefined {
    const offset = this.shape.offsets[field]!;
    return offset === 0 ? undefined : this.#string(this.table + offset);
  }

  #string(slot: number): string {
    const at = this.#follow(slot);
    return decodeUtf8(this.memory.u8, at + 4, at + 4 + this.memory.data.getUint32(at, true));
  }

  #follow(slot: number): number {
    return slot + this.memory.data.getUint32(slot, true);
  }
}
