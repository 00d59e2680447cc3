import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LeastOutstanding } from '../../../src/routing/calls/least-outstanding.js';
import { RoundRobin } from '../../../src/routing/calls/round-robin.js';
import { StickyKeys } from '../../../src/routing/calls/sticky-keys.js';
import { hasRoom, type WorkerPolicy } from '../../../src/routing/calls/worker-policy.js';
import { Prng } from '../../fuzz/prng.js';
import { anyWorker, manyWorkers, onlyOf, type TestWorker, workerNamed } from '../../support/workers.js';

const POLICIES: Readonly<Record<string, () => WorkerPolicy<TestWorker>>> = {
  'least outstanding': () => new LeastOutstanding(randomOf(1)),
  'round robin': () => new RoundRobin(),
  'sticky keys': () => new StickyKeys(),
};

function randomOf(seed: number): () => number {
  const prng = new Prng(seed);
  return () => prng.below(2 ** 31) / 2 ** 31;
}

describe.each(Object.entries(POLICIES))('the policy of %s', (_, create) => {
  it('chooses somebody eligible with room exactly when there is one', () => {
    const state = fc.tuple(anyWorker, fc.boolean());
    const states = fc.array(state, { maxLength: 40, size: 'max' });
    fc.assert(
      fc.property(
        states,
        fc.array(fc.integer(), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (all, keys, any) => {
          const policy = create();
          const workers = all.map(([worker], index) => ({ ...worker, name: `w${index}` }));
          const some = workers.filter((_, index) => all[index]![1]);
          for (const worker of workers) policy.add(worker);
          for (const key of keys) {
            const possible = (any ? workers : some).filter(hasRoom);
            const chosen = policy.choose(key, any ? undefined : onlyOf(some));
            if (possible.length === 0) expect(chosen).toBeUndefined();
            else expect(possible).toContain(chosen);
          }
        },
      ),
    );
  });

  it('knows those who came and have not gone', () => {
    const [first, second] = manyWorkers(2) as [TestWorker, TestWorker];
    const policy = create();
    policy.add(first);
    policy.add(second);
    expect(policy.size).toBe(2);
    expect(policy.remove(first)).toBe(true);
    expect(policy.remove(first)).toBe(false);
    expect(policy.size).toBe(1);
    for (let key = 0; key < 50; key++) expect(policy.choose(key, undefined)).toBe(second);
    policy.remove(second);
    expect(policy.choose(0, undefined)).toBeUndefined();
  });
});

describe('least outstanding', () => {
  /** Share of its concurrency that a worker would use with one call more. */
  const loadWithOneMore = (worker: TestWorker) => (worker.outstanding + 1) / worker.concurrency;

  it('chooses, of up to 32, one whose share of concurrency in use is least', () => {
    fc.assert(
      fc.property(fc.array(anyWorker, { minLength: 1, maxLength: 32, size: 'max' }), (all) => {
        const policy = new LeastOutstanding<TestWorker>(() => 0);
        const workers = all.map((state, index) => ({ ...state, name: `w${index}` }));
        for (const worker of workers) policy.add(worker);
        const chosen = policy.choose(0, undefined);
        const loads = workers.filter(hasRoom).map(loadWithOneMore);
        if (chosen !== undefined) expect(loadWithOneMore(chosen)).toBe(Math.min(...loads));
      }),
    );
  });

  it('fills workers in proportion to their concurrency: nobody is a call ahead of another', () => {
    const concurrencies = fc.array(fc.integer({ min: 1, max: 20 }), {
      minLength: 1,
      maxLength: 32,
      size: 'max',
    });
    fc.assert(
      fc.property(concurrencies, fc.nat(200), (all, calls) => {
        const policy = new LeastOutstanding<TestWorker>(() => 0);
        const workers = all.map((concurrency, index) => workerNamed(`w${index}`, concurrency));
        for (const worker of workers) policy.add(worker);
        for (let call = 0; call < calls; call++) {
          const chosen = policy.choose(0, undefined);
          if (chosen !== undefined) chosen.outstanding++;
        }
        const mostUsed = Math.max(
          ...workers.map(({ outstanding, concurrency }) => outstanding / concurrency),
        );
        // The fullest one got its last call when nobody else would have been less loaded with it.
        for (const worker of workers) expect(mostUsed).toBeLessThanOrEqual(loadWithOneMore(worker));
      }),
    );
  });

  it('of a thousand, spreads as many calls as there are workers so that nobody has many', () => {
    const policy = new LeastOutstanding<TestWorker>(randomOf(7));
    const workers = manyWorkers(1_000);
    for (const worker of workers) policy.add({ ...worker, concurrency: 100 } satisfies TestWorker);
    const counts = new Map<TestWorker, number>();
    for (let call = 0; call < workers.length; call++) {
      const chosen = policy.choose(0, undefined)!;
      chosen.outstanding++;
      counts.set(chosen, chosen.outstanding);
    }
    // One at random would have six or seven at most; the better of two has log log n, three or four.
    expect(Math.max(...counts.values())).toBeLessThanOrEqual(4);
  });

  it('of a thousand, finds the only one with room', () => {
    const policy = new LeastOutstanding<TestWorker>(randomOf(3));
    const workers = manyWorkers(1_000);
    for (const worker of workers) {
      worker.outstanding = worker.concurrency;
      policy.add(worker);
    }
    workers[617]!.outstanding--;
    expect(policy.choose(0, undefined)).toBe(workers[617]);
  });

  it('of many, can draw each pair of two different workers', () => {
    const workers = manyWorkers(33);
    let draws: number[] = [];
    const policy = new LeastOutstanding<TestWorker>(() => draws.shift()!);
    for (const worker of workers) {
      worker.outstanding = 1;
      policy.add(worker);
    }
    for (const [first, drawn, second] of [
      [0, 0, 1],
      [32, 31, 31],
      [5, 5, 6],
      [5, 4, 4],
    ] as const) {
      draws = [(first + 0.5) / 33, (drawn + 0.5) / 32];
      workers[second]!.outstanding = 0;
      expect(policy.choose(0, undefined)).toBe(workers[second]);
      workers[second]!.outstanding = 1;
    }
  });
});

/** Of idle workers alike, least outstanding lets everyone have a turn too. */
describe.each(['round robin', 'least outstanding'] as const)('turns by %s', (name) => {
  it('gives nobody two turns between two turns of another, whoever comes and goes', () => {
    const action = fc.oneof(
      { weight: 6, arbitrary: fc.constant({ kind: 'choose' as const, at: 0 }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('add' as const), at: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), at: fc.nat(20) }) },
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.array(action, { maxLength: 120, size: 'max' }),
        (count, actions) => {
          const policy = POLICIES[name]!();
          const present = manyWorkers(count);
          for (const worker of present) policy.add(worker);
          let made = count;
          /** By worker: who has had turns since its own last one, or since it came. */
          const since = new Map(present.map((worker) => [worker, new Set<TestWorker>()]));
          for (const { kind, at } of actions) {
            if (kind === 'add') {
              // With more, least outstanding draws two.
              if (present.length === 32) continue;
              const worker = workerNamed(`worker-${made++}`);
              present.push(worker);
              since.set(worker, new Set());
              policy.add(worker);
            } else if (kind === 'remove') {
              const [gone] = present.splice(at % Math.max(1, present.length), 1);
              if (gone === undefined) continue;
              since.delete(gone);
              policy.remove(gone);
            } else {
              const chosen = policy.choose(0, undefined);
              if (chosen === undefined) {
                expect(present).toEqual([]);
                continue;
              }
              for (const [worker, others] of since) {
                if (worker === chosen) continue;
                expect(others.has(chosen)).toBe(false);
                others.add(chosen);
              }
              since.set(chosen, new Set());
            }
          }
        },
      ),
    );
  });
});

/** Sets of workers that may take calls, as those of different versions do, and everyone. */
describe.each(['round robin', 'least outstanding'] as const)('turns by %s among the eligible', (name) => {
  it('give nobody two between two turns of another that could have had both', () => {
    const count = fc.integer({ min: 1, max: 8 });
    const sets = fc.array(fc.nat(255), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(count, sets, fc.array(fc.nat(9), { maxLength: 120, size: 'max' }), (size, masks, calls) => {
        const policy = POLICIES[name]!();
        const workers = manyWorkers(size);
        for (const worker of workers) policy.add(worker);
        /** By worker: whose turns it could have had since its own last one. */
        const since = new Map(workers.map((worker) => [worker, new Set<TestWorker>()]));
        for (const call of calls) {
          const mask = masks[call];
          const some = mask === undefined ? workers : workers.filter((_, at) => (mask >> at) & 1);
          const chosen = policy.choose(0, mask === undefined ? undefined : onlyOf(some));
          if (chosen === undefined) {
            expect(some).toEqual([]);
            continue;
          }
          for (const worker of some) {
            if (worker === chosen) continue;
            expect(since.get(worker)!.has(chosen)).toBe(false);
            since.get(worker)!.add(chosen);
          }
          since.set(chosen, new Set());
        }
      }),
    );
  });
});

describe('round robin', () => {
  it('does not take a turn from those that may not take a call', () => {
    const workers = manyWorkers(4);
    const policy = new RoundRobin<TestWorker>();
    for (const worker of workers) policy.add(worker);
    const [a1, b1, a2, b2] = workers as [TestWorker, TestWorker, TestWorker, TestWorker];
    const names = Array.from({ length: 4 }, (_, at) =>
      policy.choose(0, onlyOf(at % 2 === 0 ? [a1, a2] : [b1, b2])),
    );
    expect(names).toEqual([a1, b1, a2, b2]);
  });

  it('passes over those that cannot take a call and keeps the others in turn', () => {
    const workers = manyWorkers(4);
    const policy = new RoundRobin<TestWorker>();
    for (const worker of workers) policy.add(worker);
    workers[1]!.ready = false;
    const names = Array.from({ length: 6 }, () => policy.choose(0, undefined)?.name);
    expect(names).toEqual(['worker-0', 'worker-2', 'worker-3', 'worker-0', 'worker-2', 'worker-3']);
  });
});
