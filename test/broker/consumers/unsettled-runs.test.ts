import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnsettledRuns } from '../../../src/broker/consumers/unsettled-runs.js';
import { Memory } from '../../../src/codec/memory.js';

const memory = Memory.allocate(0);

type Step = { readonly sizes: number[]; readonly skip: number; readonly settled: number };

describe('the unsettled records of a reader', () => {
  it('are counted exactly, wherever in a run a settlement lies', () => {
    const step: fc.Arbitrary<Step> = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 6 }),
      skip: fc.integer({ min: 0, max: 2 }),
      settled: fc.integer({ min: 0, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const runs = new UnsettledRuns();
        let expected: { readonly offset: number; readonly size: number }[] = [];
        let offset = 1;
        for (const { sizes, skip, settled } of steps) {
          const added = sizes.map((size, index) => ({ offset: offset + index * (skip + 1), size }));
          offset += sizes.length * (skip + 1);
          const starts = sizes.map((_, index) => 1000 * index);
          const ends = sizes.map((size, index) => 1000 * index + size);
          const run = { memory, offsets: added.map((one) => one.offset), starts, ends };
          const from = Math.min(skip, sizes.length);
          runs.add(run, from, sizes.length);
          expected = [...expected, ...added.slice(from)].filter((one) => one.offset > settled);
          runs.settle(settled);
          const bytes = expected.reduce((sum, { size }) => sum + size, 0);
          expect([runs.records, runs.bytes]).toEqual([expected.length, bytes]);
        }
      }),
    );
  });
});
