import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openFrame } from '../../src/codec/open-frame.js';
import { type Reading, readingOfGenerated, readingOfView } from '../support/frame-reading.js';
import { goldenFrames } from '../support/golden.js';

/** A reading in the form of the fixtures. */
function plain(reading: Reading): unknown {
  const payload = Buffer.from(reading.payload, 'hex');
  const sha256 = createHash('sha256').update(payload).digest('hex');
  return Object.fromEntries(
    Object.entries({ ...reading, payload: { bytes: payload.length, sha256 } }).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? String(value) : (value ?? null),
    ]),
  );
}

describe('frames of every released version', () => {
  const frames = goldenFrames();

  it('are there: minimal, full, stamped, foreign and large', () => {
    expect(frames.map((frame) => frame.name)).toEqual(
      expect.arrayContaining(['minimal-0.1', 'full-0.1', 'stamped-0.1', 'foreign-0.1', 'large-0.1']),
    );
  });

  for (const { name, bytes, expected } of frames) {
    it(`are read by this version: ${name}`, () => {
      expect(plain(readingOfView(openFrame(bytes)))).toEqual(expected);
    });

    it(`are read by the generated code: ${name}`, () => {
      expect(plain(readingOfGenerated(bytes))).toEqual(expected);
    });
  }
});
