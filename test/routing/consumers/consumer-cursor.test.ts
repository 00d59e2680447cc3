import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../../src/codec/crc32c.js';
import {
  type ConsumerCursor,
  cursorAt,
  decodeCursor,
  encodeCursor,
  type UnsettledPlace,
} from '../../../src/routing/consumers/consumer-cursor.js';

const anyCount = fc.oneof(fc.nat(3), fc.maxSafeNat());

const anyPlace = fc.record({
  // Often 0: records side by side.
  gap: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2 ** 31 - 1) }),
  attempts: fc.oneof(fc.constantFrom(1, 2), fc.nat(100_000)),
  givenUp: fc.option(
    fc.record({
      cause: fc.constantFrom('attempts' as const, 'terminated' as const),
      reason: fc.string({ maxLength: 200, unit: 'grapheme' }),
    }),
    { nil: undefined, freq: 3 },
  ),
});

const anyCursor: fc.Arbitrary<ConsumerCursor> = fc
  .record({
    first: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 52 })),
    onlyLastUntil: fc.maxSafeNat(),
    pausedUntilMs: fc.oneof(
      fc.constant(0),
      fc.constant(Number.POSITIVE_INFINITY),
      fc.double({ noNaN: true }),
    ),
    counts: fc.record({
      ...{ delivered: anyCount, redelivered: anyCount, acked: anyCount },
      ...{ terminated: anyCount, deadLettered: anyCount, lost: anyCount },
    }),
    places: fc.array(anyPlace, { maxLength: 60 }),
  })
  .map(({ first, places, ...rest }) => {
    let offset = first;
    const unsettled = places.map(({ gap, ...place }): UnsettledPlace => {
      offset += gap + 1;
      return { offset, ...place };
    });
    return { position: offset + 1, ...rest, unsettled };
  });

describe('the cursor of a consumer', () => {
  it('is read as it was written, wherever it lies', () => {
    fc.assert(
      fc.property(anyCursor, fc.nat(9), (cursor, before) => {
        const bytes = encodeCursor(cursor);
        const around = new Uint8Array(before + bytes.length + 3).fill(0xff);
        around.set(bytes, before);
        expect(decodeCursor(around.subarray(before, before + bytes.length))).toEqual(cursor);
      }),
    );
  });

  it('is refused with any byte changed or cut off', () => {
    fc.assert(
      fc.property(anyCursor, fc.nat(), fc.integer({ min: 1, max: 255 }), (cursor, at, flip) => {
        const bytes = encodeCursor(cursor);
        const index = at % bytes.length;
        const damaged = Uint8Array.from(bytes);
        damaged[index]! ^= flip;
        for (const one of [damaged, bytes.subarray(0, index)]) {
          expect(() => decodeCursor(one)).toThrow(expect.objectContaining({ code: 'DATA_LOSS' }));
        }
      }),
    );
  });

  it('is refused by name when a later version has written it', () => {
    const bytes = encodeCursor(cursorAt(1));
    bytes[3] = 2;
    new DataView(bytes.buffer).setUint32(4, crc32c(bytes, 8, bytes.length, crc32c(bytes, 0, 4)), true);
    expect(() => decodeCursor(bytes)).toThrow(expect.objectContaining({ code: 'UNIMPLEMENTED' }));
  });

  it('is small: side by side, records cost nothing', () => {
    const unsettled = Array.from({ length: 65_536 }, (_, at) => ({
      ...{ offset: 1e12 + at, attempts: 1, givenUp: undefined },
    }));
    const cursor = { ...cursorAt(2e12), unsettled };
    expect(encodeCursor(cursor).length).toBeLessThan(100);
    expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
    const odd = { ...cursor, unsettled: unsettled.filter((_, at) => at % 2 === 0) };
    expect(encodeCursor(odd).length).toBeLessThan(3 * odd.unsettled.length + 100);
  });
});
