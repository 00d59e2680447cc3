import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gap } from '../../src/client/client-events.js';
import { DroppedFrames } from '../../src/client/dropped-frames.js';
import { openFrame } from '../../src/codec/index.js';
import { frameOf } from '../support/raw-client.js';

describe('frames that a full queue could not take', () => {
  it('are all told, each as part of a range of dropped ones, in whatever order they were dropped', () => {
    // A share of a group's messages may come after later ones that came to all.
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 }), (sequences) => {
        const gaps: Gap[] = [];
        let endTurn = () => {};
        const dropped = new DroppedFrames(
          (action) => {
            endTurn = action;
          },
          (gap) => gaps.push(gap),
        );
        for (const sequence of sequences) {
          const frame = openFrame(frameOf('a'));
          frame.stamp(sequence, 7, 1);
          dropped.add(frame);
        }
        endTurn();
        const told = gaps.flatMap(({ first, last }) =>
          Array.from({ length: last - first + 1 }, (_, index) => first + index),
        );
        expect(new Set(told)).toEqual(new Set(sequences));
        expect(gaps.every(({ first, last }) => first <= last)).toBe(true);
      }),
    );
  });
});
