import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Place, WaitingQueue, type WaitingTerms } from '../../../src/routing/calls/waiting-queue.js';

const AGEING_MS = 100;
const PLENTY = 1_000_000;

interface Waiting extends WaitingTerms {
  readonly number: number;
  readonly joinedMs: number;
}

interface Bounds {
  readonly maxLanes?: number;
  readonly maxItems?: number;
  readonly maxBytes?: number;
}

function queueOf({ maxItems = PLENTY, maxBytes = PLENTY, maxLanes = PLENTY }: Bounds = {}) {
  const expired: Waiting[] = [];
  const queue = new WaitingQueue<Waiting>({
    ...{ maxItems, maxBytes, maxLanes },
    ageingMs: AGEING_MS,
    expired: (item) => expired.push(item),
  });
  return { queue, expired };
}

function waiting(number: number, joinedMs: number, terms: Partial<WaitingTerms> = {}): Waiting {
  const deadlineMs = Number.POSITIVE_INFINITY;
  return { number, joinedMs, lane: '', priority: 0, deadlineMs, byteLength: 1, ...terms };
}

/** Whether `a` is before `b`: by the rule as the documentation has it, with waiting as steps of priority. */
function isBefore(a: Waiting, b: Waiting): boolean {
  const steps = (b.joinedMs - a.joinedMs) / AGEING_MS;
  const lead = a.priority + steps - b.priority;
  return lead > 0 || (lead === 0 && a.number < b.number);
}

const action = fc.oneof(
  fc.record({
    kind: fc.constant('join' as const),
    priority: fc.oneof(fc.nat(3), fc.nat(255)),
    inMs: fc.oneof(fc.integer({ min: -5, max: 300 }), fc.constant(Number.POSITIVE_INFINITY)),
    byteLength: fc.nat(20),
    lane: fc.constantFrom('', 'v1', 'v2', 'v3'),
  }),
  fc.record({
    kind: fc.constant('take' as const),
    open: fc.option(fc.subarray(['', 'v1', 'v2', 'v3']), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('rearrange' as const), into: fc.constantFrom('v1', 'v4') }),
  fc.record({ kind: fc.constant('take and put back' as const), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('leave' as const), at: fc.nat(1_000) }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(120) }),
);

describe('the waiting queue', () => {
  it('does what a sorted list would do', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 150, size: 'max' }), (actions) => {
        const bounds = { maxItems: 12, maxBytes: 120, maxLanes: 3 };
        const { queue, expired } = queueOf(bounds);
        const places: Place<Waiting>[] = [];
        let model: Waiting[] = [];
        const gone: Waiting[] = [];
        let nowMs = 1_000;
        const expireModel = () => {
          gone.push(...model.filter(({ deadlineMs }) => deadlineMs <= nowMs));
          model = model.filter(({ deadlineMs }) => deadlineMs > nowMs);
        };
        const laneOf = new Map<Waiting, string>();
        const lanes = () => new Set(model.map((item) => laneOf.get(item)!));
        const bytes = () => model.reduce((sum, { byteLength }) => sum + byteLength, 0);
        for (const [number, one] of actions.entries()) {
          if (one.kind === 'pass') nowMs += one.ms;
          else if (one.kind === 'join') {
            const { priority, byteLength, inMs, lane } = one;
            const item = waiting(number, nowMs, { lane, priority, byteLength, deadlineMs: nowMs + inMs });
            expireModel();
            const fits =
              model.length < bounds.maxItems &&
              bytes() + byteLength <= bounds.maxBytes &&
              (lanes().size < bounds.maxLanes || lanes().has(lane));
            const place = queue.join(item, item, nowMs);
            expect(place !== undefined).toBe(fits);
            if (place === undefined) continue;
            places.push(place);
            model.push(item);
            laneOf.set(item, lane);
          } else if (one.kind === 'take') {
            expireModel();
            const { open } = one;
            const isOpen = (item: Waiting) => open === undefined || open.includes(laneOf.get(item)!);
            const first = model
              .filter(isOpen)
              .reduce<Waiting | undefined>(
                (best, item) => (best === undefined || isBefore(item, best) ? item : best),
                undefined,
              );
            model = model.filter((item) => item !== first);
            expect(queue.take(nowMs, open && isOpen)).toBe(first);
          } else if (one.kind === 'rearrange') {
            for (const item of model) laneOf.set(item, item.number % 2 === 0 ? one.into : '');
            queue.rearrange((item) => laneOf.get(item)!);
          } else if (one.kind === 'take and put back') {
            expireModel();
            const taken = Array.from({ length: one.count }, () => queue.take(nowMs));
            for (const item of taken) {
              if (item !== undefined) queue.putBack(places.findLast((place) => place.item === item)!);
            }
          } else {
            const place = places[one.at % Math.max(1, places.length)];
            if (place === undefined) continue;
            expect(queue.leave(place)).toBe(model.includes(place.item));
            model = model.filter((item) => item !== place.item);
          }
          expect([queue.size, queue.bytes]).toEqual([model.length, bytes()]);
          expect(queue.nextDeadlineMs).toBe(Math.min(...model.map(({ deadlineMs }) => deadlineMs)));
          expect(new Set(expired)).toEqual(new Set(gone));
          expect(expired.length).toBe(gone.length);
          expect(new Set(queue.lanes.keys())).toEqual(lanes());
          for (const [name, lane] of queue.lanes) {
            const inside = model.filter((item) => laneOf.get(item) === name);
            expect(lane.size).toBe(inside.length);
            for (const priority of [0, 2, 255]) {
              const before = inside.filter((item) => item.priority >= priority);
              expect(lane.countBefore(priority)).toBe(before.length);
            }
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('hands out higher priorities first, and in order within a priority', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(255), { maxLength: 60, size: 'max' }), (priorities) => {
        const { queue } = queueOf();
        for (const [number, priority] of priorities.entries()) {
          const item = waiting(number, 0, { priority });
          queue.join(item, item, 0);
        }
        const taken = priorities.map(() => queue.take(0)!);
        const sorted = [...taken].sort((a, b) => b.priority - a.priority || a.number - b.number);
        expect(taken).toEqual(sorted);
      }),
    );
  });

  it('hands out past a lane for which nobody has room, and takes that up where it was', () => {
    const { queue } = queueOf();
    const items = ['v2', 'v2', 'v1', 'v2', 'v1'].map((lane, number) => waiting(number, 0, { lane }));
    for (const item of items) queue.join(item, item, 0);
    const onlyV1 = ({ lane }: Waiting) => lane === 'v1';
    expect([queue.take(0, onlyV1), queue.take(0, onlyV1), queue.take(0, onlyV1)]).toEqual([
      ...[items[2], items[4], undefined],
    ]);
    expect([queue.take(0), queue.take(0), queue.take(0), queue.take(0)]).toEqual([
      ...[items[0], items[1], items[3], undefined],
    ]);
    expect(queue.lanes.size).toBe(0);
  });

  it('starves nobody: only those of a higher priority pass, and no later than it takes to age so far', () => {
    const arrivals = fc.array(fc.record({ priority: fc.nat(255), afterMs: fc.nat(400) }), {
      maxLength: 80,
      size: 'max',
    });
    fc.assert(
      fc.property(arrivals, fc.nat(3), (all, takenEach) => {
        const { queue } = queueOf();
        let nowMs = 0;
        const inside: Waiting[] = [];
        const takeOne = () => {
          const taken = queue.take(nowMs);
          if (taken === undefined) return;
          inside.splice(inside.indexOf(taken), 1);
          for (const passed of inside) {
            if (passed.number > taken.number) continue;
            expect(taken.priority).toBeGreaterThan(passed.priority);
            const bound = (taken.priority - passed.priority) * AGEING_MS;
            expect(taken.joinedMs - passed.joinedMs).toBeLessThan(bound);
          }
        };
        for (const [number, { priority, afterMs }] of all.entries()) {
          nowMs += afterMs;
          const item = waiting(number, nowMs, { priority });
          queue.join(item, item, nowMs);
          inside.push(item);
          if (number % 4 < takenEach) takeOne();
        }
        while (inside.length > 0) takeOne();
      }),
    );
  });

  it('serves the lowest priority within 255 steps although the highest comes without end', () => {
    const { queue } = queueOf();
    const lowest = waiting(0, 0);
    queue.join(lowest, lowest, 0);
    let nowMs = 0;
    for (let number = 1; ; number++) {
      nowMs += 50;
      const item = waiting(number, nowMs, { priority: 255 });
      queue.join(item, item, nowMs);
      if (queue.take(nowMs) === lowest) break;
      expect(nowMs).toBeLessThan(255 * AGEING_MS);
    }
    expect(nowMs).toBe(255 * AGEING_MS);
  });

  it('tells nobody of the expiry of one that leaves when another has expired', () => {
    const told: string[] = [];
    const places: Place<string>[] = [];
    const queue = new WaitingQueue<string>({
      ...{ maxItems: 3, maxBytes: 3, maxLanes: 1, ageingMs: AGEING_MS },
      expired: (item) => {
        told.push(item);
        queue.leave(places[1]!);
      },
    });
    for (const [at, item] of ['first', 'leaving', 'last'].entries()) {
      places.push(queue.join(item, { lane: '', priority: 0, deadlineMs: 10 + at, byteLength: 1 }, 0)!);
    }
    queue.expire(20);
    expect(told).toEqual(['first', 'last']);
    expect([queue.size, queue.bytes]).toEqual([0, 0]);
  });
});
