import { describe, expect, it } from 'vitest';
import {
  readContext,
  readFeatures,
  readPrediction,
  writeContext,
  writeFeatures,
  writePrediction,
} from '../../src/demo/payload.js';

const ENVELOPE = { request: 0xffff_fff0, intendedAt: 123_456_789_012.3 };
const FEATURES = Float32Array.of(1, -2, 0.5, 0, 3, 4, 5, -6);

/** The same bytes as they lie in a batch, where nothing is aligned to them. */
function moved(bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(bytes.length + 3);
  memory.set(bytes, 3);
  return memory.subarray(3);
}

describe('payloads', () => {
  it.each([0, 1, 374, 100_000])('carry a context of %d tokens in 16 bytes more than these take', (count) => {
    const bytes = writeContext(ENVELOPE, count, (context) => {
      for (let index = 0; index < context.length; index++) context.set(index, 0xffff_ffff - index);
    });
    expect(bytes.length).toBe(16 + 4 * count);
    const { context, ...envelope } = readContext(moved(bytes));
    expect(envelope).toEqual(ENVELOPE);
    const tokens = Array.from({ length: context.length }, (_, index) => context.get(index));
    expect(tokens).toHaveLength(count);
    expect(tokens.every((token, index) => token === 0xffff_ffff - index)).toBe(true);
  });

  it('carry features', () => {
    const payload = { ...ENVELOPE, second: 0xdead_beef, features: FEATURES };
    expect(readFeatures(moved(writeFeatures(payload)))).toEqual(payload);
  });

  it.each(['v1', 'v2'] as const)('carry predictions of %s', (version) => {
    const prediction = { ...ENVELOPE, checksum: 0xdead_beef, score: 0.5, version, features: FEATURES };
    expect(readPrediction(moved(writePrediction(prediction)))).toEqual(prediction);
  });

  it('that are too short, or of a version that there is not, are refused', () => {
    expect(() => readContext(new Uint8Array(15))).toThrow(RangeError);
    expect(() => readFeatures(new Uint8Array(47))).toThrow(RangeError);
    expect(() => readPrediction(new Uint8Array(55))).toThrow(RangeError);
    const unknown = new Uint8Array(56);
    unknown[20] = 2;
    expect(() => readPrediction(unknown)).toThrow('no such version');
  });
});
