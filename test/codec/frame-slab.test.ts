import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameSlab } from '../../src/codec/frame-slab.js';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { Memory } from '../../src/codec/memory.js';
import { frameFields } from '../support/frame-arbitrary.js';
import { readingOfView } from '../support/frame-reading.js';

const SLAB_BYTES = 1024;

describe('a slab of frames', () => {
  it('holds copies that stay what they are, whatever becomes of the originals', () => {
    const slab = new FrameSlab(SLAB_BYTES);
    const verifier = new FrameVerifier();
    fc.assert(
      fc.property(fc.array(frameFields, { maxLength: 12 }), (fields) => {
        const kept = fields.map((one) => {
          const bytes = new FrameWriter().encode(one);
          const view = new FrameView();
          expect(verifier.verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
          const copy = slab.copy(view);
          expect(copy === undefined).toBe(bytes.length > SLAB_BYTES);
          const said = structuredClone(readingOfView(view));
          bytes.fill(0xff);
          return { copy, said };
        });
        for (const { copy, said } of kept) {
          if (copy === undefined) continue;
          expect(copy.start % 8).toBe(0);
          expect(readingOfView(copy)).toEqual(said);
        }
      }),
      { numRuns: 300 },
    );
  });
});
