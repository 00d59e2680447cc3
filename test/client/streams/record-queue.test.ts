import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InTurn, RecordQueue } from '../../../src/client/streams/record-queue.js';

interface Numbered {
  readonly number: number;
}

/** What can be done with a queue; `many` takes so many records or puts so many. */
type Step = { readonly name: 'put' | 'take' | 'take all' | 'act' | 'fail'; readonly many: number };

const STEP: fc.Arbitrary<Step> = fc.record({
  name: fc.constantFrom('put', 'put', 'take', 'take all', 'act', 'fail'),
  many: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 800, max: 1500 })),
});

describe('a queue of records', () => {
  it('gives everything once and in order, one by one or all at a time, and each event in its place', () => {
    fc.assert(
      fc.property(fc.array(STEP, { maxLength: 40 }), (steps) => {
        const queue = new RecordQueue<Numbered>();
        const expected: string[] = [];
        const taken: string[] = [];
        let next = 0;
        const attempt = (take: () => readonly Numbered[]) => {
          try {
            for (const { number } of take()) taken.push(`record ${number}`);
          } catch (thrown) {
            taken.push((thrown as Error).message);
          }
        };
        const one = () => [queue.shift()].filter((record) => record !== undefined);
        for (const { name, many } of steps) {
          const number = ++next;
          if (name === 'put') {
            for (let count = 0; count < many; count++) {
              queue.push({ number: ++next });
              expected.push(`record ${next}`);
            }
          } else if (name === 'take') for (let count = 0; count < many; count++) attempt(one);
          else if (name === 'take all') attempt(() => queue.shiftAll());
          else {
            const text = `${name} ${number}`;
            queue.push(
              new InTurn(() => {
                if (name === 'fail') throw new Error(text);
                taken.push(text);
              }),
            );
            expected.push(text);
          }
          expect(queue.length).toBe(expected.length - taken.length);
        }
        while (queue.length > 0) attempt(one);
        expect(taken).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('lets those who wait go on when something comes, and at the end; it tells whether somebody waits', async () => {
    const changes: boolean[] = [];
    const queue: RecordQueue<Numbered> = new RecordQueue(() => changes.push(queue.awaited));
    const first = queue.filled();
    const second = queue.filled();
    expect(queue.awaited).toBe(true);
    queue.push({ number: 1 });
    expect(await first).toBe(true);
    queue.shift();
    const third = queue.filled();
    queue.end(new Error('over'));
    expect(await Promise.all([second, third])).toEqual([true, true]);
    expect(() => queue.shift()).toThrow('over');
    expect(await queue.filled()).toBe(false);
    queue.push({ number: 2 });
    expect([queue.length, queue.shift(), queue.shiftAll()]).toEqual([0, undefined, []]);
    expect([changes[0], changes.at(-1)]).toEqual([true, false]);
  });
});
