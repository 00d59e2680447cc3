import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELD_NAMES, Field } from '../../src/codec/frame-layout.js';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView, type U64Field } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { correlationPlace, idPlace } from '../../src/codec/id-places.js';
import { Memory } from '../../src/codec/memory.js';
import { frameFields } from '../support/frame-arbitrary.js';
import { FrameMap } from '../support/frame-map.js';
import { readingOfFields, readingOfGenerated, readingOfView } from '../support/frame-reading.js';
import { buildGenerated } from '../support/generated-frame.js';
import { ALL_FIELDS, GOOD_FRAMES } from '../support/violation-case.js';

function open(bytes: Uint8Array, start = 0): FrameView {
  const view = new FrameView();
  const verified = new FrameVerifier().verify(new Memory(bytes), start, bytes.length, view);
  expect(verified, view.violation?.text).toBe(true);
  return view;
}

describe('the frame view', () => {
  it('reads frames of the generated builder as the generated code reads them', () => {
    const verifier = new FrameVerifier();
    const view = new FrameView();
    fc.assert(
      fc.property(frameFields, (fields) => {
        const bytes = buildGenerated(fields);
        expect(verifier.verify(new Memory(bytes), 0, bytes.length, view), view.violation?.text).toBe(true);
        expect(readingOfView(view)).toEqual(readingOfFields(fields));
        expect(readingOfGenerated(bytes)).toEqual(readingOfFields(fields));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads payload and ids as views into the bytes that were verified, without copying', () => {
    const batch = new Uint8Array(2048);
    batch.set(GOOD_FRAMES.written, 512);
    const view = open(batch, 512);
    const views = [view.payload, view.id, view.traceId, view.spanId, view.correlationId!, view.causationId!];
    for (const bytes of [...views, view.schemaId!, view.bytes]) {
      expect(bytes.buffer).toBe(batch.buffer);
      expect(bytes.byteOffset).toBeGreaterThanOrEqual(view.start);
      expect(bytes.byteOffset + bytes.byteLength).toBeLessThanOrEqual(view.end);
    }
    expect([view.start, view.end, view.byteLength]).toEqual([512, 512 + 432, 432]);
    expect(view.payloadLength).toBe(view.payload.length);
    expect([idPlace(view), correlationPlace(view), view.schemaIdAt]).toEqual(
      [view.id, view.correlationId!, view.schemaId!].map(({ byteOffset }) => byteOffset),
    );
  });

  it('reads the payload as text and as JSON, or throws', () => {
    const withPayload = (payload: Uint8Array) => open(new FrameWriter().encode({ ...ALL_FIELDS, payload }));
    const view = withPayload(new TextEncoder().encode('{"größe":[1,2]}'));
    expect(view.text()).toBe('{"größe":[1,2]}');
    expect(view.json()).toEqual({ größe: [1, 2] });
    expect(() => withPayload(Uint8Array.from([0xff])).text()).toThrow(TypeError);
    expect(() => withPayload(new TextEncoder().encode('{')).json()).toThrow(SyntaxError);
    expect(open(GOOD_FRAMES.minimal).text()).toBe('');
  });

  it('says which fields are there', () => {
    for (const name of FIELD_NAMES) {
      expect(open(GOOD_FRAMES.written).has(name)).toBe(true);
      expect(open(GOOD_FRAMES.minimal).has(name)).toBe(Field[name] <= Field.subject);
    }
  });

  it('reads what is absent as undefined, empty or 0', () => {
    expect(readingOfView(open(GOOD_FRAMES.minimal))).toMatchObject({
      ...{ payload: '', traceId: undefined, spanId: undefined, traceFlags: 0, correlationId: undefined },
      ...{ causationId: undefined, schemaId: undefined, tracestate: undefined, baggage: undefined },
      ...{ experiment: undefined, variant: undefined, assignmentKey: undefined, headers: [], timeout: 0n },
    });
    expect([correlationPlace(open(GOOD_FRAMES.minimal)), open(GOOD_FRAMES.minimal).schemaIdAt]).toEqual([
      -1, -1,
    ]);
  });

  it('takes the message id for the trace of a frame that carries none', () => {
    const view = open(GOOD_FRAMES.minimal);
    expect(view.traceId).toEqual(view.id);
    expect(view.spanId).toEqual(view.id.subarray(8));
    expect(open(GOOD_FRAMES.written).traceId).not.toEqual(open(GOOD_FRAMES.written).id);
  });

  it('stamps sequence, epoch and broker time and nothing else', () => {
    fc.assert(
      fc.property(frameFields, fc.maxSafeNat(), fc.maxSafeNat(), fc.maxSafeNat(), (fields, ...stamp) => {
        for (const bytes of [new FrameWriter().encode(fields), buildGenerated(fields)]) {
          const before = bytes.slice();
          const at = new FrameMap(before).slot('stamp');
          const view = open(bytes);
          view.stamp(...stamp);
          expect([view.sequence, view.epoch, view.brokerTime]).toEqual(stamp);
          const [sequence, epoch, brokerTime] = stamp.map(BigInt);
          expect(readingOfView(view)).toEqual({ ...readingOfFields(fields), sequence, epoch, brokerTime });
          expect(
            bytes.filter((byte, index) => byte !== before[index] && (index < at || index >= at + 24)),
          ).toEqual(new Uint8Array(0));
          expect(readingOfView(open(bytes))).toEqual(readingOfView(view));
        }
      }),
    );
  });

  it('reads 64-bit fields exactly as bigints, and above 2^53 as the nearest number', () => {
    const names: U64Field[] = ['publishedAt', 'timeout', 'sequence', 'epoch', 'brokerTime'];
    fc.assert(
      fc.property(fc.array(fc.bigInt(0n, 2n ** 64n - 1n), { minLength: 5, maxLength: 5 }), (values) => {
        const map = new FrameMap(GOOD_FRAMES.written.slice());
        const places = [map.slot('origin') + 16, map.slot('origin') + 24];
        places.push(...[0, 8, 16].map((offset) => map.slot('stamp') + offset));
        places.forEach((at, index) => {
          map.data.setBigUint64(at, values[index]!, true);
        });
        const view = open(map.bytes);
        names.forEach((name, index) => {
          expect(view.u64(name)).toBe(values[index]);
          expect(view[name]).toBe(Number(values[index]));
        });
      }),
    );
  });

  it('keeps a retained view in place while the view moves on', () => {
    const writer = new FrameWriter();
    const batch = new Memory(new Uint8Array(4096));
    const second = { ...ALL_FIELDS, subject: 'another.subject', headers: [] };
    const length = writer.write(batch, 0, ALL_FIELDS);
    writer.write(batch, length, second);
    const verifier = new FrameVerifier();
    const view = new FrameView();
    verifier.verify(batch, 0, length, view);
    const kept = view.retain();
    expect(verifier.verify(batch, length, batch.length, view)).toBe(true);
    expect(readingOfView(kept)).toEqual(readingOfFields(ALL_FIELDS));
    expect(readingOfView(view)).toEqual(readingOfFields(second));
    batch.u8.fill(0);
    expect(kept.payload.every((byte) => byte === 0)).toBe(true);
  });

  // Node's Buffer has a `slice` of its own, which shares memory.
  for (const [name, from] of [
    ['a Uint8Array', (bytes: Uint8Array) => bytes.slice()],
    ['a Buffer', (bytes: Uint8Array) => Buffer.from(bytes)],
  ] as const) {
    it(`copies a frame in ${name} so that its owner may overwrite the original`, () => {
      const batch = from(new Uint8Array(1024));
      batch.set(GOOD_FRAMES.written, 256);
      const copy = open(batch, 256).copy();
      const memory = Memory.allocate(1024 + copy.byteLength);
      const beside = open(batch, 256).copy(memory, 1024);
      batch.fill(0);
      expect([copy.start, copy.end]).toEqual([0, GOOD_FRAMES.written.length]);
      expect(readingOfView(copy)).toEqual(readingOfFields(ALL_FIELDS));
      expect(readingOfView(open(copy.bytes))).toEqual(readingOfFields(ALL_FIELDS));
      expect([beside.start, beside.end]).toEqual([1024, memory.length]);
      expect(readingOfView(beside)).toEqual(readingOfFields(ALL_FIELDS));
      expect(memory.u8.subarray(0, 1024).every((byte) => byte === 0)).toBe(true);
    });
  }
});
