import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DedupTable } from '../../src/streams/dedup-table.js';
import { idOf } from '../support/stream-frames.js';

const SECOND = 1_000_000;
const always = () => true;

describe('the ids of late', () => {
  it('are those that came last, as many as there may be, without those that were taken back', () => {
    const steps = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 400 }) }) },
        { weight: 1, arbitrary: fc.record({ back: fc.nat(60) }) },
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(steps, fc.constantFrom(5, 100, 1_000, 10_000), (all, most) => {
        const table = new DedupTable(most, 60 * SECOND);
        let known: number[] = [];
        let next = 1;
        for (const step of all) {
          if ('add' in step) {
            for (let left = step.add; left > 0; left--) {
              table.add(idOf(next), next, next * 1_000);
              known.push(next++);
            }
            known = known.slice(-most);
          } else {
            table.removeNewest(step.back);
            known = known.slice(0, Math.max(0, known.length - step.back));
          }
        }
        expect(table.size).toBe(known.length);
        const found = Array.from({ length: next }, (_, id) => table.find(idOf(id), always));
        const expected = Array.from({ length: next }, (_, id) => (known.includes(id) ? id : undefined));
        expect(found).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('are forgotten once they are older than the window, at most a second later', () => {
    const table = new DedupTable(1_000, 10 * SECOND);
    for (let second = 0; second < 30; second++) table.add(idOf(second), second + 1, second * SECOND);
    const nowMicros = 30 * SECOND;
    table.expire(nowMicros);
    const found = Array.from({ length: 30 }, (_, id) => id).filter((id) => table.find(idOf(id), always));
    expect(found).toEqual([20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
    expect(table.heldMicros(nowMicros)).toBe(10 * SECOND);
    table.expire(60 * SECOND);
    expect([table.size, table.heldMicros(60 * SECOND)]).toEqual([0, 0]);
  });

  it('are held for less than the window where there are too many', () => {
    const table = new DedupTable(4, 100 * SECOND);
    for (let second = 0; second < 20; second++) table.add(idOf(second), second + 1, second * SECOND);
    expect([table.size, table.heldMicros(20 * SECOND)]).toEqual([4, 4 * SECOND]);
  });

  it('are only those that the record confirms', () => {
    const table = new DedupTable(10, SECOND);
    table.add(idOf(1), 7, 0);
    const asked: number[] = [];
    expect(table.find(idOf(1), (offset) => asked.push(offset) === 0)).toBeUndefined();
    expect(asked).toEqual([7]);
  });

  it.each([
    [0, SECOND],
    [10, 0],
  ])('are none where %i ids are known for %i microseconds', (most, window) => {
    const table = new DedupTable(most, window);
    table.add(idOf(1), 1, 0);
    expect([table.size, table.find(idOf(1), always)]).toEqual([0, undefined]);
  });
});
