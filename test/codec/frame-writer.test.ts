import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameFields } from '../../src/codec/frame-fields.js';
import { FRAME_ALIGNMENT } from '../../src/codec/frame-layout.js';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { Memory } from '../../src/codec/memory.js';
import { frameFields, OPTIONAL_FIELDS, REQUIRED_FIELDS } from '../support/frame-arbitrary.js';
import { readingOfFields, readingOfGenerated, readingOfView } from '../support/frame-reading.js';

const optionalNames = Object.keys(OPTIONAL_FIELDS) as (keyof typeof OPTIONAL_FIELDS)[];

/** Fields with the optional ones that are set in `bits`. */
function combination(bits: number): FrameFields {
  const chosen = optionalNames.filter((_, index) => (bits & (1 << index)) !== 0);
  return { ...REQUIRED_FIELDS, ...Object.fromEntries(chosen.map((name) => [name, OPTIONAL_FIELDS[name]])) };
}

/** Every start that the protocol allows in a batch of this size, and what fills the memory before. */
const place = fc.record({ start: fc.nat(40).map((units) => units * FRAME_ALIGNMENT), filler: fc.nat(255) });

/** The text as the web platform encodes it. */
const wellFormed = (text: string) => new TextDecoder().decode(new TextEncoder().encode(text));

describe('the frame writer', () => {
  it('writes every combination of optional fields so that exactly those are there and read the same', () => {
    const writer = new FrameWriter();
    const verifier = new FrameVerifier();
    const view = new FrameView();
    for (let bits = 0; bits < 1 << optionalNames.length; bits++) {
      const fields = combination(bits);
      const memory = new Memory(new Uint8Array(1024).fill(0xaa));
      const size = writer.write(memory, 8, fields);
      expect(verifier.verify(memory, 8, 8 + size, view), view.violation?.text).toBe(true);
      expect(readingOfView(view)).toEqual(readingOfFields(fields));
      expect([memory.u8[7], memory.u8[8 + size]]).toEqual([0xaa, 0xaa]);
      for (const [index, name] of optionalNames.entries()) {
        expect(view.has(name)).toBe((bits & (1 << index)) !== 0);
      }
    }
  });

  it('writes any fields at any start of a larger memory, within its size, and reads them back', () => {
    const writer = new FrameWriter(8);
    const verifier = new FrameVerifier();
    fc.assert(
      fc.property(frameFields, place, (fields, { start, filler }) => {
        const size = writer.size(fields);
        const memory = new Memory(new Uint8Array(start + size + 64).fill(filler));
        expect(writer.write(memory, start, fields)).toBe(size);
        expect(size % FRAME_ALIGNMENT).toBe(0);
        const view = new FrameView();
        expect(verifier.verify(memory, start, memory.length, view), view.violation?.text).toBe(true);
        expect([view.start, view.end]).toEqual([start, start + size]);
        expect(readingOfView(view)).toEqual(readingOfFields(fields));
        const outside = [...memory.u8.subarray(0, start), ...memory.u8.subarray(start + size)];
        expect(outside.every((byte) => byte === filler)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('writes what the generated FlatBuffers code reads the same', () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(frameFields, (fields) => {
        expect(readingOfGenerated(writer.encode(fields))).toEqual(readingOfFields(fields));
      }),
      { numRuns: 1000 },
    );
  });

  it('writes the same bytes whatever the memory held before', () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(frameFields, (fields) => {
        const size = writer.size(fields);
        const [zeros, ones] = [0, 0xff].map((filler) => new Memory(new Uint8Array(size).fill(filler)));
        writer.write(zeros!, 0, fields);
        writer.write(ones!, 0, fields);
        expect(ones!.u8).toEqual(zeros!.u8);
      }),
    );
  });

  it('returns 0 and touches nothing when a frame does not fit', () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(frameFields, place, fc.nat(), (fields, { start, filler }, shortage) => {
        const size = writer.size(fields);
        const room = size - 1 - (shortage % size);
        const memory = new Memory(new Uint8Array(start + room).fill(filler));
        expect(writer.write(memory, start, fields)).toBe(0);
        expect(memory.u8.every((byte) => byte === filler)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps to the end of a memory that is a part of a larger buffer', () => {
    const writer = new FrameWriter();
    const buffer = new Uint8Array(4096).fill(0xaa);
    const fields = combination(-1);
    const size = writer.size(fields);
    expect(writer.write(new Memory(buffer.subarray(1024, 1024 + size - 1)), 0, fields)).toBe(0);
    expect(buffer.every((byte) => byte === 0xaa)).toBe(true);
    expect(writer.write(new Memory(buffer.subarray(1024, 1024 + size)), 0, fields)).toBe(size);
    expect(buffer.subarray(0, 1024).every((byte) => byte === 0xaa)).toBe(true);
    expect(buffer.subarray(1024 + size).every((byte) => byte === 0xaa)).toBe(true);
  });

  it('aligns the payload to 8 bytes from the start of the frame', () => {
    const writer = new FrameWriter();
    fc.assert(
      fc.property(frameFields, (fields) => {
        const bytes = writer.encode(fields);
        const view = new FrameView();
        expect(new FrameVerifier().verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
        if (view.payloadLength > 0) expect(view.payloadStart % 8).toBe(0);
      }),
    );
  });

  it('leaves out an empty payload and an empty list of headers', () => {
    const bytes = new FrameWriter().encode({ ...REQUIRED_FIELDS, payload: new Uint8Array(0), headers: [] });
    expect(bytes).toEqual(new FrameWriter().encode(REQUIRED_FIELDS));
  });

  it('writes lone surrogates as U+FFFD and counts their bytes right', () => {
    const broken = ['\ud800', 'a\udc00b', '\udbff\ud800\udc00', '\ud83d'];
    const writer = new FrameWriter();
    for (const text of broken) {
      const fields = { ...REQUIRED_FIELDS, subject: text, baggage: text, headers: [[text, text]] as const };
      const bytes = writer.encode(fields);
      expect(bytes.length).toBe(writer.size(fields));
      const view = new FrameView();
      expect(new FrameVerifier().verify(new Memory(bytes), 0, bytes.length, view), view.violation?.text).toBe(
        true,
      );
      expect([view.subject, view.baggage, view.headers]).toEqual([
        wellFormed(text),
        wellFormed(text),
        [[wellFormed(text), wellFormed(text)]],
      ]);
    }
  });

  it('counts the bytes of characters at the edges of every length', () => {
    const edges = [
      '\u007f',
      '\u0080',
      '\u07ff',
      '\u0800',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{10ffff}',
    ];
    const writer = new FrameWriter();
    for (const text of edges.map((edge) => edge.repeat(50))) {
      const fields = { ...REQUIRED_FIELDS, subject: text, baggage: text, headers: [[text, text]] as const };
      const bytes = writer.encode(fields);
      const view = new FrameView();
      expect(new FrameVerifier().verify(new Memory(bytes), 0, bytes.length, view), view.violation?.text).toBe(
        true,
      );
      expect(readingOfView(view)).toEqual(readingOfFields(fields));
      // Nothing but padding is left over.
      const least = 4 * Buffer.byteLength(text);
      expect(bytes.length - least).toBeLessThan(
        writer.encode({ ...fields, subject: '', baggage: '', headers: [['', '']] }).length + 16,
      );
    }
  });

  it('takes the low 8 bits of numbers that are too large, and spoils no other field with the rest', () => {
    const fields = { ...REQUIRED_FIELDS, kind: 0x1ff, contentType: 0x102, priority: -1, flags: 0x101 };
    const bytes = new FrameWriter().encode(fields);
    const view = new FrameView();
    expect(new FrameVerifier().verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
    expect([view.kind, view.contentType, view.priority, view.flags]).toEqual([0xff, 2, 0xff, 1]);
  });

  it('keeps experiments and variants apart, long ones and such as look like others', () => {
    const writer = new FrameWriter();
    const long = 'x'.repeat(300);
    const names = fc.constantFrom(undefined, '', 'a', 'ab', 'b', '\0', '1 1 abc', 'long s', 'größe', long);
    const any = fc.record({
      subject: fc.constantFrom('s', '1 1 abc', 'long s', 'a'),
      experiment: names,
      variant: names,
    });
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 12 }), fc.nat(1), (all, payload) => {
        for (const one of all) {
          const fields = { ...REQUIRED_FIELDS, ...one, payload: new Uint8Array(payload * 5) };
          const bytes = writer.encode(fields);
          expect(bytes.length).toBe(writer.size(fields));
          const view = new FrameView();
          expect(new FrameVerifier().verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
          expect(readingOfView(view)).toEqual(readingOfFields(fields));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('forgets templates when there are too many, and still writes the same', () => {
    const small = new FrameWriter(2);
    const large = new FrameWriter();
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 10; index++) {
        const fields = { ...combination(round * 7 + index), subject: `subject.${index}` };
        expect(small.encode(fields)).toEqual(large.encode(fields));
      }
    }
  });
});
