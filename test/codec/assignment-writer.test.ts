import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssignmentTexts } from '../../src/codec/assignment-texts.js';
import { AssignmentWriter } from '../../src/codec/assignment-writer.js';
import type { FrameFields } from '../../src/codec/frame-fields.js';
import { Field, PREAMBLE_BYTES, Trace } from '../../src/codec/frame-layout.js';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { Memory } from '../../src/codec/memory.js';
import { headerPlace, isText, textPlace } from '../../src/codec/text-places.js';
import { encodeUtf8 } from '../../src/codec/utf8.js';
import { frameFields, OPTIONAL_FIELDS, REQUIRED_FIELDS, text } from '../support/frame-arbitrary.js';
import { readingOfView } from '../support/frame-reading.js';
import { buildGenerated, buildOffsetsFirst } from '../support/generated-frame.js';

const SEED = 7;
const SLAB_BYTES = 1024;
const verifier = new FrameVerifier(SEED);
const TEXTS = new AssignmentTexts('ranker-2', 'candidate');

/** A view of a verified frame that lies somewhere among other bytes. */
function viewOf(bytes: Uint8Array, place = 16): FrameView {
  const memory = Memory.allocate(place + bytes.length + 8);
  memory.u8.fill(0xee);
  memory.u8.set(bytes, place);
  const view = new FrameView();
  expect(verifier.verify(memory, place, place + bytes.length, view), view.violation?.text).toBe(true);
  return view;
}

/** A frame with eight bytes between its vtable and its table that nothing needs. */
function withRoom(fields: FrameFields): { view: FrameView; vtable: number; room: number } {
  const bytes = new FrameWriter().encode(fields);
  const { table, start } = viewOf(bytes);
  const at = table - start;
  const wider = new Uint8Array(bytes.length + 8);
  wider.set(bytes.subarray(0, at));
  wider.set(bytes.subarray(at), at + 8);
  const data = new DataView(wider.buffer);
  data.setUint32(0, wider.length - 4, true);
  data.setUint32(4, data.getUint32(4, true) + 8, true);
  data.setInt32(at + 8, data.getInt32(at + 8, true) + 8, true);
  const view = viewOf(wider);
  return { view, vtable: view.start + PREAMBLE_BYTES, room: view.start + at };
}

/** What somebody reads who is sent the frame. */
function received(frame: FrameView): ReturnType<typeof readingOfView> {
  return structuredClone(readingOfView(viewOf(frame.bytes.slice())));
}

function expectAssigned(writer: AssignmentWriter, frame: FrameView, texts: AssignmentTexts): void {
  const before = structuredClone(readingOfView(frame));
  const written = writer.write(frame, texts);
  const { experiment, variant } = texts;
  expect(received(written)).toEqual({ ...before, experiment, variant });
  // The view says what a verifier makes of the bytes.
  expect(structuredClone(readingOfView(written))).toEqual({ ...before, experiment, variant });
  expect(written.subjectHash).toBe(frame.subjectHash);
  expect([written.start % 8, written.payloadLength]).toEqual([0, frame.payloadLength]);
  written.stamp(3, 4, 5);
  expect(received(written)).toMatchObject({ experiment, variant });
  expect(structuredClone(readingOfView(frame))).toEqual(before);
}

const ANY_FRAME = fc.oneof(
  frameFields.map((fields) => new FrameWriter().encode(fields)),
  frameFields.map(buildGenerated),
);

describe('a frame that is assigned', () => {
  it('says all that it said, and its experiment and variant instead of others', () => {
    const writer = new AssignmentWriter(SLAB_BYTES);
    fc.assert(
      fc.property(ANY_FRAME, text(), text(), (bytes, experiment, variant) => {
        expectAssigned(writer, viewOf(bytes), new AssignmentTexts(experiment, variant));
      }),
      { numRuns: 500 },
    );
  });

  it('may be assigned again', () => {
    const writer = new AssignmentWriter(SLAB_BYTES);
    fc.assert(
      fc.property(ANY_FRAME, (bytes) => {
        const first = writer.write(viewOf(bytes), TEXTS);
        expectAssigned(writer, first, new AssignmentTexts('ranker-2', 'control'));
      }),
      { numRuns: 100 },
    );
  });

  it('is the same whatever the order of fields in its table', () => {
    const fields = { ...REQUIRED_FIELDS, timeout: 5, kind: 1, contentType: 3, priority: 2, flags: 0 };
    const bytes = buildOffsetsFirst({ ...fields, ...OPTIONAL_FIELDS });
    expectAssigned(new AssignmentWriter(SLAB_BYTES), viewOf(bytes), TEXTS);
  });

  it('keeps fields that only a later version knows', () => {
    const { view: frame, vtable } = withRoom({ ...REQUIRED_FIELDS, ...OPTIONAL_FIELDS });
    const { data } = frame.memory;
    // An entry more in the vtable, for a byte that is there: the flags of the trace.
    const entries = (data.getUint16(vtable, true) >> 1) - 2;
    data.setUint16(vtable, 4 + 2 * (entries + 1), true);
    data.setUint16(vtable + 4 + 2 * entries, frame.shape.offsets[Field.trace]! + Trace.flags, true);
    const written = new AssignmentWriter(SLAB_BYTES).write(viewOf(frame.bytes.slice()), TEXTS);
    const after = written.memory.data;
    const newVtable = written.table - after.getInt32(written.table, true);
    const at = after.getUint16(newVtable + 4 + 2 * entries, true);
    expect(written.memory.u8[written.table + at]).toBe(OPTIONAL_FIELDS.trace.flags);
  });

  it('is written from what it says where a header is described before the table', () => {
    const { view, room } = withRoom({ ...REQUIRED_FIELDS, headers: [['tenant', 'acme']] });
    const { data } = view.memory;
    [8, 12, 4, 8].forEach((value, index) => {
      data.setUint16(room + 2 * index, value, true);
    });
    const headers = view.table + view.shape.offsets[Field.headers]!;
    const vector = headers + data.getUint32(headers, true);
    const header = vector + 4 + data.getUint32(vector + 4, true);
    data.setInt32(header, header - room, true);
    expect(view.headers).toEqual([['tenant', 'acme']]);
    expectAssigned(new AssignmentWriter(SLAB_BYTES), viewOf(view.bytes.slice()), TEXTS);
  });
});

describe('texts of a frame where they lie', () => {
  it('are those that a view reads', () => {
    const textAt = ({ memory }: FrameView, place: number) =>
      new TextDecoder('utf-8', { ignoreBOM: true }).decode(
        memory.u8.subarray(place + 4, place + 4 + memory.data.getUint32(place, true)),
      );
    fc.assert(
      fc.property(ANY_FRAME, (bytes) => {
        const view = viewOf(bytes);
        for (const field of ['experiment', 'variant', 'assignmentKey'] as const) {
          const place = textPlace(view, field);
          expect(place < 0 ? undefined : textAt(view, place)).toBe(view[field]);
          const { u8, data } = view.memory;
          if (place >= 0) expect(isText(u8, data, place, encodeUtf8(`${view[field]}x`))).toBe(false);
        }
        for (const [name] of view.headers) {
          const [, value] = view.headers.find(([one]) => one === name)!;
          expect(textAt(view, headerPlace(view, encodeUtf8(name)))).toBe(value);
        }
        expect(headerPlace(view, encodeUtf8('a name that no header has'))).toBe(-1);
      }),
      { numRuns: 300 },
    );
  });
});
