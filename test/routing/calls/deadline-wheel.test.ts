import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeadlineWheel, type Timed } from '../../../src/routing/calls/deadline-wheel.js';
import { Prng } from '../../fuzz/prng.js';

interface Entry extends Timed {
  readonly number: number;
  deadlineMs: number;
}

function entry(number: number, deadlineMs = 0): Entry {
  return { number, deadlineMs, wheelIndex: -1 };
}

/** Steps of every size that the wheel has levels for, and beyond. Milliseconds. */
const anyStep = fc.oneof(
  fc.nat(40),
  fc.integer({ min: 0, max: 31 }).map((bits) => 2 ** bits),
  fc
    .tuple(fc.integer({ min: 0, max: 33 }), fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([bits, part]) => part * 2 ** bits),
);

const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), inMs: anyStep }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('add' as const), inMs: fc.integer({ min: -50, max: 0 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), at: fc.nat(1_000) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('advance' as const), byMs: anyStep }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wake' as const) }) },
);

describe('the deadline wheel', () => {
  it('does what a list of deadlines would do', () => {
    const origins = fc.double({ min: 0, max: 2e12, noNaN: true });
    fc.assert(
      fc.property(origins, fc.array(action, { maxLength: 150, size: 'max' }), (originMs, actions) => {
        const wheel = new DeadlineWheel<Entry>(originMs);
        const entries: Entry[] = [];
        const inside = new Set<Entry>();
        let nowMs = originMs;
        // The wheel's clock is in whole milliseconds since it began: deadlines rounded up, the present down.
        const dueTick = ({ deadlineMs }: Entry) => Math.ceil(deadlineMs - originMs);
        const advance = () => {
          const nowTick = Math.floor(nowMs - originMs);
          const due = [...inside].filter((one) => dueTick(one) <= nowTick);
          const expired: Entry[] = [];
          wheel.advance(nowMs, (one) => expired.push(one));
          expect(new Set(expired)).toEqual(new Set(due));
          expect(expired.length).toBe(due.length);
          for (const one of expired) inside.delete(one);
          return expired;
        };
        for (const one of actions) {
          if (one.kind === 'add') {
            const added = entry(entries.length, nowMs + one.inMs);
            entries.push(added);
            inside.add(added);
            wheel.add(added, added.deadlineMs);
          } else if (one.kind === 'cancel') {
            const cancelled = entries[one.at % Math.max(1, entries.length)];
            if (cancelled === undefined) continue;
            expect(wheel.cancel(cancelled)).toBe(inside.delete(cancelled));
          } else if (one.kind === 'advance') {
            nowMs += one.byMs;
            advance();
          } else if (inside.size === 0) {
            expect(wheel.wakeMs).toBe(Number.POSITIVE_INFINITY);
          } else {
            const first = Math.min(...[...inside].map(dueTick));
            expect(wheel.wakeMs - originMs).toBeLessThan(Math.max(first, nowMs - originMs) + 1);
            nowMs = Math.max(nowMs, wheel.wakeMs);
            advance();
          }
          expect(wheel.size).toBe(inside.size);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('hands out a long stretch in the order of the milliseconds, each once', () => {
    const deadlines = fc.array(fc.integer({ min: 1, max: 2 ** 31 }), { maxLength: 100, size: 'max' });
    fc.assert(
      fc.property(deadlines, (all) => {
        const wheel = new DeadlineWheel<Entry>(0);
        for (const [number, deadlineMs] of all.entries()) wheel.add(entry(number, deadlineMs), deadlineMs);
        const expired: number[] = [];
        wheel.advance(2 ** 32, ({ deadlineMs }) => expired.push(deadlineMs));
        expect(expired).toEqual([...all].sort((a, b) => a - b));
      }),
    );
  });

  it('comes to its next entry by few wakes, however far that is', () => {
    const wheel = new DeadlineWheel<Entry>(0);
    wheel.add(entry(0), 1_000_000_007);
    let wakes = 0;
    while (wheel.size > 0) {
      wheel.advance(wheel.wakeMs, () => {});
      wakes++;
    }
    expect(wakes).toBeLessThanOrEqual(6);
  });

  it('lets entries be added and cancelled while others expire', () => {
    const wheel = new DeadlineWheel<Entry>(0);
    const entries = Array.from({ length: 6 }, (_, number) => entry(number));
    const [first, again, cancelled, later, passed, far] = entries as [
      Entry,
      Entry,
      Entry,
      Entry,
      Entry,
      Entry,
    ];
    wheel.add(first, 10);
    wheel.add(cancelled, 12);
    const expired: [number, boolean][] = [];
    wheel.advance(1_000, (one) => {
      expired.push([one.number, one.wheelIndex === -1]);
      if (one === first) {
        expect(wheel.cancel(cancelled)).toBe(true);
        wheel.add(again, 500);
        wheel.add(passed, 3);
        wheel.add(far, 1_001);
      }
      if (one === again) wheel.add(later, 600);
    });
    expect(expired).toEqual([first, passed, again, later].map(({ number }) => [number, true]));
    expect(wheel.size).toBe(1);
  });

  it('goes on where it was after the one who is told has thrown', () => {
    const wheel = new DeadlineWheel<Entry>(0);
    for (let number = 0; number < 3; number++) wheel.add(entry(number), 5 + number);
    expect(() =>
      wheel.advance(100, () => {
        throw new Error('from the callback');
      }),
    ).toThrow('from the callback');
    const expired: number[] = [];
    wheel.advance(100, ({ number }) => expired.push(number));
    expect(expired).toEqual([1, 2]);
  });

  it('stands while the clock goes back', () => {
    const wheel = new DeadlineWheel<Entry>(0);
    wheel.advance(1_000, () => {});
    const one = entry(0);
    wheel.add(one, 1_010);
    const expired: Entry[] = [];
    for (const nowMs of [500, 1_009, 1_010]) {
      expect(expired).toEqual([]);
      expect(wheel.wakeMs).toBe(1_010);
      wheel.advance(nowMs, (due) => expired.push(due));
    }
    expect(expired).toEqual([one]);
  });

  it('has a million entries, and uses the room of those that are gone', () => {
    const count = 1_000_000;
    const prng = new Prng(5);
    const wheel = new DeadlineWheel<Entry>(0);
    const entries = Array.from({ length: count }, (_, number) => entry(number, 1 + prng.below(30_000)));
    for (const one of entries) wheel.add(one, one.deadlineMs);
    for (let at = 0; at < count; at += 2) wheel.cancel(entries[at]!);
    let latest = 0;
    let wrong = 0;
    for (let nowMs = 0; nowMs <= 30_000; nowMs += 10) {
      wheel.advance(nowMs, ({ number, deadlineMs }) => {
        if (number % 2 === 0 || deadlineMs > nowMs || deadlineMs <= nowMs - 10) wrong++;
        latest = deadlineMs;
      });
    }
    expect({ left: wheel.size, wrong }).toEqual({ left: 0, wrong: 0 });
    expect(latest).toBeGreaterThan(29_000);
    for (const one of entries) wheel.add(one, 40_000);
    expect(Math.max(...entries.slice(0, 1_000).map(({ wheelIndex }) => wheelIndex))).toBeLessThan(count);
    expect(entries.reduce((most, { wheelIndex }) => Math.max(most, wheelIndex), 0)).toBe(count - 1);
  });
});
