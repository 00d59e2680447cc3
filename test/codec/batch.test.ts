import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchReader, batchesOf } from '../../src/codec/batch.js';
import { decodeControl, encodeControl, isViolation } from '../../src/codec/control.js';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { Memory } from '../../src/codec/memory.js';
import type { RuleName } from '../../src/codec/verify-rule.js';
import { CONTROL_SAMPLES } from '../support/control-arbitrary.js';
import { frameFields } from '../support/frame-arbitrary.js';
import { readingOfFields, readingOfView } from '../support/frame-reading.js';
import { MessageMap } from '../support/message-map.js';
import { thoroughly } from '../support/thoroughness.js';
import { GOOD_FRAMES } from '../support/violation-case.js';

interface Entry {
  start: number;
  end: number;
  kind: string;
}

function readAll(bytes: Uint8Array): { entries: Entry[]; reader: BatchReader } {
  // Neighbours that look like one more entry: nobody may read them.
  const buffer = new Uint8Array(bytes.length + GOOD_FRAMES.minimal.length);
  buffer.set(bytes);
  buffer.set(GOOD_FRAMES.minimal, bytes.length);
  const reader = new BatchReader();
  reader.reset(new Memory(buffer.subarray(0, bytes.length)));
  const entries: Entry[] = [];
  while (reader.next()) entries.push({ start: reader.start, end: reader.end, kind: reader.kind });
  return { entries, reader };
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const GOOD = join(GOOD_FRAMES.written, encodeControl({ type: 'ping', nonce: 1 }));
const SECOND = GOOD_FRAMES.written.length;

/** Violations in the second entry of a batch; the first one must still be found. */
const CASES: readonly [rule: RuleName, what: string, batch: () => Uint8Array][] = [
  ['tooShort', 'of 8 bytes', () => join(GOOD_FRAMES.written, new Uint8Array(8))],
  ['tooShort', 'that says it has 8 bytes', () => edited((map) => map.put32(SECOND, 4))],
  [
    'sizePrefix',
    'that goes on behind the batch',
    () => edited((map) => map.put32(SECOND, map.u32(SECOND) + 8)),
  ],
  ['sizePrefix', 'as large as can be', () => edited((map) => map.put32(SECOND, 0xffffffff))],
  [
    'sizeAlignment',
    'that ends between two multiples of 8',
    () => edited((map) => map.put32(SECOND, map.u32(SECOND) - 4)),
  ],
  ['identifier', 'of neither kind', () => edited((map) => map.bytes.set([0x58], SECOND + 8))],
];

function edited(edit: (map: MessageMap) => void): Uint8Array {
  const map = new MessageMap(GOOD.slice());
  edit(map);
  return map.bytes;
}

describe('entries side by side', () => {
  it('are all there in their order, in batches as large as may be', () => {
    const entry = fc.integer({ min: 1, max: 6 }).map((eighths) => new Uint8Array(8 * eighths).fill(eighths));
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 20 }),
        fc.integer({ min: 8, max: 120 }),
        (entries, maxBytes) => {
          const batches = batchesOf(entries, maxBytes);
          expect(join(...batches)).toEqual(join(...entries));
          let from = 0;
          for (const batch of batches) {
            let bytes = entries[from++]!.length;
            while (from < entries.length && bytes + entries[from]!.length <= maxBytes) {
              bytes += entries[from++]!.length;
            }
            expect(batch.length).toBe(bytes);
          }
          expect(from).toBe(entries.length);
        },
      ),
    );
  });
});

describe('the batch reader', () => {
  it('finds frames and control messages in their order, whole', () => {
    const writer = new FrameWriter();
    const part = fc.oneof(frameFields, fc.constantFrom(...CONTROL_SAMPLES));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const encoded = parts.map((one) => ('type' in one ? encodeControl(one) : writer.encode(one)));
        const batch = join(...encoded);
        const { entries, reader } = readAll(batch);
        expect(reader.violation).toBeUndefined();
        expect(entries.map(({ start, end }) => batch.slice(start, end))).toEqual(encoded);
        const memory = new Memory(batch);
        const view = new FrameView();
        parts.forEach((one, index) => {
          const { start, end, kind } = entries[index]!;
          expect(kind).toBe('type' in one ? 'control' : 'frame');
          if ('type' in one) expect(decodeControl(memory, start, end)).toEqual(one);
          else {
            expect(new FrameVerifier().verify(memory, start, end, view), view.violation?.text).toBe(true);
            expect(readingOfView(view)).toEqual(readingOfFields(one));
          }
        });
      }),
      { numRuns: 300 },
    );
  });

  it('finds nothing in an empty batch and calls that no violation', () => {
    const { entries, reader } = readAll(new Uint8Array(0));
    expect(entries).toEqual([]);
    expect(reader.violation).toBeUndefined();
  });

  it('finds nothing before it was given a batch', () => {
    expect(new BatchReader().next()).toBe(false);
  });

  it('finds the whole entries of a batch cut short anywhere, then a violation where the cut one begins', () => {
    const batch = join(GOOD, GOOD_FRAMES.minimal);
    const starts = [0, SECOND, GOOD.length, batch.length];
    for (let length = 0; length <= batch.length; length++) {
      const whole = starts.findLastIndex((start) => start <= length);
      const { entries, reader } = readAll(batch.subarray(0, length));
      expect(entries.length).toBe(whole);
      if (length === starts[whole]) expect(reader.violation).toBeUndefined();
      else {
        const rule = length - starts[whole]! < 12 ? 'tooShort' : 'sizePrefix';
        expect(reader.violation).toMatchObject({ rule, offset: starts[whole] });
      }
    }
  });

  for (const [rule, what, batch] of CASES) {
    it(`stops with ${rule} at an entry ${what}`, () => {
      const { entries, reader } = readAll(batch());
      expect(entries).toEqual([{ start: 0, end: SECOND, kind: 'frame' }]);
      expect(reader.violation).toMatchObject({ rule, offset: SECOND, path: '' });
      expect(reader.next()).toBe(false);
    });
  }

  it('begins anew after a violation', () => {
    const reader = new BatchReader();
    reader.reset(new Memory(new Uint8Array(4)));
    expect(reader.next()).toBe(false);
    reader.reset(new Memory(GOOD));
    expect(reader.violation).toBeUndefined();
    expect([reader.next(), reader.next(), reader.next()]).toEqual([true, true, false]);
  });

  it('always ends, inside the batch, whatever is changed in it', () => {
    const changes = fc.array(fc.tuple(fc.nat(GOOD.length - 4), fc.nat(0xffffffff)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(changes, (edits) => {
        const batch = edited((map) => {
          for (const [at, value] of edits) map.put32(at, value);
        });
        const { entries } = readAll(batch);
        let next = 0;
        for (const { start, end } of entries) {
          expect(start).toBe(next);
          expect(end).toBeGreaterThan(start);
          next = end;
        }
        expect(next).toBeLessThanOrEqual(batch.length);
        for (const { start, end, kind } of entries) {
          if (kind === 'control') isViolation(decodeControl(new Memory(batch), start, end));
        }
      }),
      { numRuns: thoroughly(500, 2000), seed: 20260102 },
    );
  });
});
