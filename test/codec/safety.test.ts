import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { FrameLaws, LawBroken } from '../fuzz/laws.js';
import { goldenFrames } from '../support/golden.js';
import { NEIGHBOUR_BYTES, surround } from '../support/surrounded.js';
import { BYTE_CHANGES, thoroughly } from '../support/thoroughness.js';

const frames = goldenFrames();
const LARGE = 10_000;
const BITS = [0, 1, 2, 3, 4, 5, 6, 7];

/** A golden frame between neighbours of two kinds, to be broken in both alike. */
class Specimen {
  readonly #laws = new FrameLaws();
  readonly #memories: readonly [Memory, Memory];
  readonly #length: number;

  constructor(bytes: Uint8Array) {
    this.#memories = [surround(bytes, 0xaa), surround(bytes, 0x00)];
    this.#length = bytes.length;
  }

  byte(at: number): number {
    return this.#memories[0].u8[NEIGHBOUR_BYTES + at]!;
  }

  put(at: number, value: number): void {
    for (const memory of this.#memories) memory.u8[NEIGHBOUR_BYTES + at] = value;
  }

  /** Whether the bytes are accepted now. Throws LawBroken when a law does not hold for them. */
  judge(): boolean {
    const [one, other] = this.#memories;
    const limit = NEIGHBOUR_BYTES + this.#length;
    const accepted = this.#laws.check(one, NEIGHBOUR_BYTES, limit);
    this.#laws.checkNeighbours(one, other, NEIGHBOUR_BYTES, limit);
    return accepted;
  }
}

describe('the laws of reading', () => {
  for (const { name, bytes } of frames.filter((frame) => frame.bytes.length < LARGE)) {
    it(`hold for every change of a single byte of ${name}`, () => {
      const specimen = new Specimen(bytes);
      let accepted = 0;
      let rejected = 0;
      for (let at = 0; at < bytes.length; at++) {
        for (const change of BYTE_CHANGES) {
          specimen.put(at, bytes[at]! ^ change);
          if (specimen.judge()) accepted++;
          else rejected++;
        }
        specimen.put(at, bytes[at]!);
      }
      const changes = bytes.length * BYTE_CHANGES.length;
      expect(accepted + rejected).toBe(changes);
      // Ids, times and padding may be anything; sizes, offsets and zeros may not.
      expect(Math.min(accepted, rejected)).toBeGreaterThan(changes / 25);
      expect(specimen.judge()).toBe(true);
    });
  }

  for (const { name, bytes } of frames.filter((frame) => frame.bytes.length >= LARGE)) {
    it(`hold for every change of a single bit, and for extreme values, of ${name}`, () => {
      const specimen = new Specimen(bytes);
      for (let at = 0; at < bytes.length; at++) {
        const original = bytes[at]!;
        // Tables and texts lie in the front, the last offsets' bounds at the end; between them is payload.
        const payload = at >= 1024 && at < bytes.length - 64;
        const bits = payload ? thoroughly([at % 8], BITS) : BITS;
        const values = bits.map((bit) => original ^ (1 << bit));
        if (!payload) {
          values.push(0x00, 0xff, 0x7f, 0x80, original + 1, original - 1);
        }
        for (const value of values) {
          specimen.put(at, value);
          specimen.judge();
        }
        specimen.put(at, original);
      }
      expect(specimen.judge()).toBe(true);
    });
  }

  it('hold for frames cut short at every length', () => {
    const laws = new FrameLaws();
    for (const { bytes } of frames.filter((frame) => frame.bytes.length < LARGE)) {
      for (let length = 0; length < bytes.length; length++) {
        const memory = surround(bytes.subarray(0, length), 0xaa);
        expect(laws.check(memory, NEIGHBOUR_BYTES, NEIGHBOUR_BYTES + length)).toBe(false);
        laws.checkNeighbours(
          memory,
          surround(bytes.subarray(0, length), 0),
          NEIGHBOUR_BYTES,
          NEIGHBOUR_BYTES + length,
        );
      }
    }
  });

  it('hold for any few changes', () => {
    const specimens = frames.map(({ bytes }) => ({ bytes, specimen: new Specimen(bytes) }));
    // Most of what matters lies in the front of a frame, in its table and offsets.
    const place = fc.oneof(fc.nat(), fc.nat(255));
    const changes = fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(fc.nat(frames.length - 1), changes, (which, edits) => {
        const { bytes, specimen } = specimens[which]!;
        for (const [where, value] of edits) specimen.put(where % bytes.length, value);
        specimen.judge();
        for (const [where] of edits) specimen.put(where % bytes.length, bytes[where % bytes.length]!);
      }),
      { numRuns: thoroughly(10_000, 50_000), seed: 20260103 },
    );
    for (const { specimen } of specimens) expect(specimen.judge()).toBe(true);
  });

  it('are laws that can be broken: a reader of the neighbours is caught', () => {
    const { bytes } = frames.find((frame) => frame.name === 'minimal-0.1')!;
    const longer = NEIGHBOUR_BYTES + bytes.length;
    const [one, other] = [surround(bytes, 0xaa), surround(bytes, 0x00)];
    // The subject grows over the end of the frame, and whoever verifies is told that there is more.
    for (const memory of [one, other]) {
      const grown = new Memory(memory.u8);
      grown.data.setUint32(NEIGHBOUR_BYTES, bytes.length + 4, true);
    }
    expect(() => new FrameLaws().checkNeighbours(one, other, NEIGHBOUR_BYTES, longer + 8)).not.toThrow();
    const table = NEIGHBOUR_BYTES + 4 + one.data.getUint32(NEIGHBOUR_BYTES + 4, true);
    const slot = table + one.data.getUint16(table - one.data.getInt32(table, true) + 8, true);
    const subject = slot + one.data.getUint32(slot, true);
    for (const memory of [one, other]) memory.data.setUint32(subject, longer + 3 - subject - 4, true);
    expect(() => new FrameLaws().checkNeighbours(one, other, NEIGHBOUR_BYTES, longer + 8)).toThrow(LawBroken);
  });
});
