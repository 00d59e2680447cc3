import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Memory, readU64, writeU64 } from '../../src/codec/memory.js';

describe('a memory', () => {
  it('is the bytes it was given, a part of a larger buffer or not', () => {
    const buffer = Uint8Array.from({ length: 32 }, (_, index) => index);
    const memory = new Memory(buffer.subarray(8, 24));
    expect([memory.length, memory.u8[0], memory.data.getUint8(15)]).toEqual([16, 8, 23]);
    memory.data.setUint8(0, 99);
    expect(buffer[8]).toBe(99);
  });

  it('shares the memory of a Buffer, but is none: its slices are copies', () => {
    const buffer = Buffer.from([1, 2, 3, 4]);
    const memory = new Memory(buffer);
    expect(memory.u8.constructor).toBe(Uint8Array);
    memory.u8[0] = 9;
    expect(buffer[0]).toBe(9);
    memory.u8.slice(0, 4)[1] = 9;
    expect(buffer[1]).toBe(2);
  });

  it('is allocated full of zeros', () => {
    expect(Memory.allocate(3).u8).toEqual(Uint8Array.from([0, 0, 0]));
  });

  it('holds whole numbers below 2^53 exactly', () => {
    const { data } = Memory.allocate(24);
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        writeU64(data, 8, value);
        expect(readU64(data, 8)).toBe(value);
        expect(data.getBigUint64(8, true)).toBe(BigInt(value));
        expect([data.getBigUint64(0), data.getBigUint64(16)]).toEqual([0n, 0n]);
      }),
    );
  });

  it('reads larger numbers as the nearest', () => {
    const { data } = Memory.allocate(8);
    for (const value of [2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      data.setBigUint64(0, value, true);
      expect(readU64(data, 0)).toBe(Number(value));
    }
  });
});
