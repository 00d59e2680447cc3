import { describe, expect, it } from 'vitest';
import { formatUuid, IdGenerator, idKey, toHex } from '../../src/codec/message-id.js';

function next(generator: IdGenerator, unixMs: number): string {
  const id = new Uint8Array(16);
  generator.nextId(id, unixMs);
  return formatUuid(id);
}

/** Milliseconds since the Unix epoch in the front of a UUIDv7. */
const timeOf = (uuid: string) => Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('message ids', () => {
  it('are UUIDs of version 7 and of the variant of RFC 9562, with the time in front', () => {
    const generator = new IdGenerator();
    for (const unixMs of [1, 0xffff_ffff, 0x1_0000_0000, 1_700_000_000_000, 0xffff_ffff_ffff]) {
      const uuid = next(generator, unixMs);
      expect(uuid).toMatch(UUID_V7);
      expect(timeOf(uuid)).toBe(unixMs);
    }
  });

  it('rise strictly within a millisecond, also when it is full', () => {
    const generator = new IdGenerator();
    let last = next(generator, 1_700_000_000_000);
    for (let count = 0; count < 20_000; count++) {
      const uuid = next(generator, 1_700_000_000_000);
      expect(uuid > last && UUID_V7.test(uuid)).toBe(true);
      last = uuid;
    }
    // 4096 fit into a millisecond at most, and the time is pushed ahead by no more than needed.
    expect(timeOf(last)).toBeLessThanOrEqual(1_700_000_000_000 + Math.ceil(20_000 / 2048));
  });

  it('rise strictly when the clock goes back, and follow it when it has caught up', () => {
    const generator = new IdGenerator();
    const times = [5000, 5001, 4000, 3999, 5000, 5001, 5002, 0, 6000, 5999, 6000, 6001];
    const uuids = times.map((unixMs) => next(generator, unixMs));
    expect(uuids.toSorted()).toEqual(uuids);
    expect(new Set(uuids).size).toBe(times.length);
    expect(timeOf(uuids.at(-1)!)).toBe(6001);
  });

  it('are unique, 100,000 of them at one time from two generators', () => {
    const generators = [new IdGenerator(), new IdGenerator()];
    const seen = new Set<string>();
    for (let count = 0; count < 50_000; count++) {
      for (const generator of generators) seen.add(next(generator, 1_700_000_000_000));
    }
    expect(seen.size).toBe(100_000);
  });

  it('have random bits where they must: every bit takes both values', () => {
    const generator = new IdGenerator();
    const ones = new Uint8Array(16);
    const zeros = new Uint8Array(16);
    const id = new Uint8Array(16);
    for (let count = 0; count < 200; count++) {
      generator.nextId(id, 1_700_000_000_000 + count);
      id.forEach((byte, index) => {
        ones[index]! |= byte;
        zeros[index]! |= ~byte;
      });
    }
    expect([ones[8], zeros[8]]).toEqual([0xbf, 0x7f]);
    expect([...ones.subarray(9), ...zeros.subarray(9)]).toEqual(new Array(14).fill(0xff));
  });
});

describe('trace and span ids', () => {
  it('are random, never all zero, and fill exactly their bytes', () => {
    const generator = new IdGenerator();
    const seen = new Set<string>();
    for (let count = 0; count < 1000; count++) {
      const buffer = new Uint8Array(32);
      generator.nextRandom(buffer.subarray(8, 16));
      generator.nextRandom(buffer.subarray(16, 32));
      expect(toHex(buffer.subarray(0, 8))).toBe('0'.repeat(16));
      const [span, trace] = [toHex(buffer.subarray(8, 16)), toHex(buffer.subarray(16))];
      expect(span).not.toBe('0'.repeat(16));
      expect(trace).not.toBe('0'.repeat(32));
      seen.add(span).add(trace);
    }
    expect(seen.size).toBe(2000);
  });

  it('are printed in lower-case hexadecimal', () => {
    const id = Uint8Array.from({ length: 16 }, (_, index) => index * 17);
    expect(toHex(id)).toBe('00112233445566778899aabbccddeeff');
    expect(formatUuid(id)).toBe('00112233-4455-6677-8899-aabbccddeeff');
    expect(toHex(new Uint8Array(0))).toBe('');
  });

  it('have keys that are as different as they are', () => {
    const base = new Uint8Array(16).fill(0x5a);
    const keys = new Set([idKey(base)]);
    for (let bit = 0; bit < 128; bit++) {
      const other = base.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      expect(idKey(other)).toBe(idKey(other.slice()));
      keys.add(idKey(other));
    }
    expect(keys.size).toBe(129);
  });
});
