import { Builder, ByteBuffer } from 'flatbuffers';
import { describe, expect, it } from 'vitest';
import * as layout from '../../src/codec/frame-layout.js';
import { Frame } from '../../src/codec/generated/modwire/frame.js';
import { Id } from '../../src/codec/generated/modwire/id.js';
import { Origin } from '../../src/codec/generated/modwire/origin.js';
import { Stamp } from '../../src/codec/generated/modwire/stamp.js';
import { Trace } from '../../src/codec/generated/modwire/trace.js';
import { FrameMap } from '../support/frame-map.js';
import { GOOD_FRAMES } from '../support/violation-case.js';

/** What a generated builder asks of its buffer for one struct: alignment and bytes. */
function prepared(create: (builder: Builder) => unknown): { alignment: number; bytes: number } {
  const calls: { alignment: number; bytes: number }[] = [];
  const builder = new Builder(256);
  const prep = builder.prep.bind(builder);
  builder.prep = (alignment, bytes) => {
    calls.push({ alignment, bytes });
    prep(alignment, bytes);
  };
  create(builder);
  return calls[0]!;
}

const id = new Array(16).fill(0);
const STRUCTS = {
  origin: prepared((builder) => Origin.createOrigin(builder, id, 0n, 0n, 0, 0, 0, 1)),
  stamp: prepared((builder) => Stamp.createStamp(builder, 0n, 0n, 0n)),
  trace: prepared((builder) => Trace.createTrace(builder, id, new Array(8).fill(0), 0)),
  correlationId: prepared((builder) => Id.createId(builder, id)),
  causationId: prepared((builder) => Id.createId(builder, id)),
  schemaId: prepared((builder) => Id.createId(builder, id)),
};

/** The generated frame over bytes that count up, so that what is read says where it was read. */
function countingStruct<T>(type: new () => { __init(at: number, bytes: ByteBuffer): T }): T {
  const bytes = Uint8Array.from({ length: 64 }, (_, index) => index);
  return new type().__init(0, new ByteBuffer(bytes));
}

const lowByte = (value: bigint | null) => Number(value! & 0xffn);

describe('the frame layout', () => {
  it('has the identifiers of the generated code', () => {
    const identifier = (value: number) =>
      String.fromCharCode(...[0, 8, 16, 24].map((shift) => (value >> shift) & 0xff));
    expect(identifier(layout.FRAME_IDENTIFIER)).toBe('MCP1');
    expect(identifier(layout.CONTROL_IDENTIFIER)).toBe('MCC1');
    const frame = new ByteBuffer(GOOD_FRAMES.written.subarray(4));
    expect(Frame.bufferHasIdentifier(frame)).toBe(true);
  });

  it('has as many fields as the generated table, in its order', () => {
    let fields = -1;
    const builder = new Builder(64);
    builder.startObject = (count) => {
      fields = count;
    };
    Frame.startFrame(builder);
    expect(layout.FIELD_COUNT).toBe(fields);
    expect(Object.values(layout.Field)).toEqual(layout.FIELD_NAMES.map((_, index) => index));
  });

  it('finds each field where the generated code finds it', () => {
    const map = new FrameMap(GOOD_FRAMES.generated);
    const adders = Object.getOwnPropertyNames(Frame).filter((name) => /^add[A-Z]/.test(name));
    expect(adders.length).toBe(layout.FIELD_COUNT);
    for (const name of layout.FIELD_NAMES) {
      const add = `add${name[0]!.toUpperCase()}${name.slice(1)}` as 'addSubject';
      const slots: number[] = [];
      const note = (slot: number) => slots.push(slot);
      Frame[add]({ addFieldStruct: note, addFieldOffset: note } as unknown as Builder, 0);
      expect(slots).toEqual([layout.Field[name]]);
      expect(map.slot(name)).toBeGreaterThan(map.table);
    }
  });

  it('has the sizes and alignments of the generated structs, and 4 for offsets', () => {
    for (const name of layout.FIELD_NAMES) {
      const struct = name in STRUCTS ? STRUCTS[name as keyof typeof STRUCTS] : { alignment: 4, bytes: 4 };
      expect([name, layout.INLINE_BYTES[layout.Field[name]]]).toEqual([name, struct.bytes]);
      expect([name, layout.INLINE_ALIGNMENT[layout.Field[name]]]).toEqual([name, struct.alignment]);
    }
    expect(layout.ID_BYTES).toBe(STRUCTS.schemaId.bytes);
  });

  it('has the offsets inside the struct Origin', () => {
    const origin = countingStruct(Origin);
    expect(layout.Origin).toEqual({
      id: origin.id()!.bytes(0),
      publishedAt: lowByte(origin.publishedAt()),
      timeout: lowByte(origin.timeout()),
      kind: origin.kind(),
      contentType: origin.contentType(),
      priority: origin.priority(),
      flags: origin.flags(),
    });
  });

  it('has the offsets inside the struct Stamp', () => {
    const stamp = countingStruct(Stamp);
    expect(layout.Stamp).toEqual({
      sequence: lowByte(stamp.sequence()),
      epoch: lowByte(stamp.epoch()),
      brokerTime: lowByte(stamp.brokerTime()),
    });
  });

  it('has the offsets inside the struct Trace', () => {
    const trace = countingStruct(Trace);
    expect(layout.Trace).toEqual({
      traceId: trace.traceId()!.bytes(0),
      spanId: trace.spanId(0),
      flags: trace.flags(),
    });
    expect(trace.spanId(layout.SPAN_ID_BYTES - 1)! + 1).toBe(layout.Trace.flags);
  });

  it('aligns upwards', () => {
    expect([0, 1, 7, 8, 9].map((value) => layout.alignUp(value, 8))).toEqual([0, 8, 8, 8, 16]);
  });
});
