import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeUtf8, encodeUtf8, isUtf8, writeUtf8 } from '../../src/codec/utf8.js';
import { text } from '../support/frame-arbitrary.js';
import { thoroughly } from '../support/thoroughness.js';

/** What the platform's decoder says. */
function platformAccepts(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Asks about bytes that lie among others which would complete or spoil a character. */
function accepts(bytes: Uint8Array): boolean {
  const verdicts = [0x80, 0x41, 0xff].map((filler) => {
    const around = new Uint8Array(bytes.length + 8).fill(filler);
    around.set(bytes, 4);
    return isUtf8(around, 4, 4 + bytes.length);
  });
  expect(new Set(verdicts).size).toBe(1);
  return verdicts[0]!;
}

/** Bytes at the edges of every range in the definition of UTF-8. */
const EDGES = [
  0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
];
EDGES.push(0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfc, 0xfe, 0xff);
/** The same for the fourth byte of a sequence: it continues a character, or does not. */
const LAST_EDGES = thoroughly([0x00, 0x7f, 0x80, 0xbf, 0xc0], EDGES);

describe('UTF-8', () => {
  it('is told as the platform tells it, for every sequence of up to 4 bytes from the edges', () => {
    let wrong = 0;
    const sequence = new Uint8Array(4);
    for (const first of EDGES) {
      for (const second of EDGES) {
        for (const third of EDGES) {
          for (const fourth of LAST_EDGES) {
            sequence.set([first, second, third, fourth]);
            for (let length = 1; length <= 4; length++) {
              if (length < 4 && fourth !== EDGES[0]) continue;
              const bytes = sequence.subarray(0, length);
              if (isUtf8(sequence, 0, length) !== platformAccepts(bytes)) wrong++;
            }
          }
        }
      }
    }
    expect(wrong).toBe(0);
  });

  it('is told as the platform tells it, for random bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.array(fc.constantFrom(...EDGES), { maxLength: 8 }).map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(bytes, (sample) => {
        expect(accepts(sample)).toBe(platformAccepts(sample));
      }),
      { numRuns: 5000 },
    );
  });

  it('is told as the platform tells it, for texts with a byte changed or the end cut', () => {
    fc.assert(
      fc.property(text(), fc.nat(), fc.nat(255), fc.nat(3), (sample, where, value, cut) => {
        const bytes = encodeUtf8(sample);
        expect(accepts(bytes)).toBe(true);
        const broken = bytes.slice(0, Math.max(0, bytes.length - cut));
        if (broken.length > 0) broken[where % broken.length] = value;
        expect(accepts(broken)).toBe(platformAccepts(broken));
      }),
      { numRuns: 3000 },
    );
  });

  it('comes back as the text it was, short or long, with a byte order mark or without', () => {
    const long = fc.tuple(text(200), fc.nat(60)).map(([sample, ascii]) => 'x'.repeat(ascii) + sample);
    fc.assert(
      fc.property(long, (sample) => {
        const bytes = encodeUtf8(sample);
        const around = new Uint8Array(bytes.length + 8).fill(0xff);
        around.set(bytes, 4);
        expect(decodeUtf8(around, 4, 4 + bytes.length)).toBe(sample);
      }),
      { numRuns: 2000 },
    );
  });

  it('is written as it is encoded, short or long, and nothing beside it', () => {
    const long = fc.tuple(text(60), fc.nat(60)).map(([sample, ascii]) => 'x'.repeat(ascii) + sample);
    fc.assert(
      fc.property(long, (sample) => {
        const bytes = encodeUtf8(sample);
        const around = new Uint8Array(bytes.length + 8).fill(0xee);
        const expected = around.slice();
        expected.set(bytes, 4);
        expect(writeUtf8(sample, around, 4)).toBe(bytes.length);
        expect(around).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
