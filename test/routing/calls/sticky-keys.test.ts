import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyHash, StickyKeys } from '../../../src/routing/calls/sticky-keys.js';
import { allBut, manyWorkers, onlyOf, type TestWorker, workerNamed } from '../../support/workers.js';

const KEYS = Array.from({ length: 20_000 }, (_, index) => {
  const bytes = new TextEncoder().encode(`session-${index}`);
  return keyHash(bytes, 0, bytes.length);
});

const FEW_KEYS = KEYS.slice(0, 200);

function policyOf(workers: readonly TestWorker[]): StickyKeys<TestWorker> {
  const policy = new StickyKeys<TestWorker>();
  for (const worker of workers) policy.add(worker);
  return policy;
}

function choices(policy: StickyKeys<TestWorker>, keys = KEYS): (TestWorker | undefined)[] {
  return keys.map((key) => policy.choose(key, undefined));
}

/** Different names, short and alike as people choose them, and odd ones. */
const names = fc.uniqueArray(
  fc.oneof(
    fc.nat(99).map((number) => `gpu-${number}`),
    fc.string(),
  ),
  {
    minLength: 2,
    maxLength: 16,
    size: 'max',
  },
);

describe('sticky keys', () => {
  it('move only from the worker that goes, or to the one that comes: at most 1.2 × 1/n of them', () => {
    fc.assert(
      fc.property(names, fc.nat(15), (all, at) => {
        const workers = all.map((name) => workerNamed(name));
        const mover = workers[at % workers.length]!;
        const policy = policyOf(workers);
        const all1 = choices(policy);
        policy.remove(mover);
        const without = choices(policy);
        policy.add(mover);
        const back = choices(policy);
        let moved = 0;
        let wronglyMoved = 0;
        let differentBack = 0;
        for (let key = 0; key < KEYS.length; key++) {
          if (all1[key] !== without[key]) moved++;
          if (all1[key] !== without[key] && all1[key] !== mover) wronglyMoved++;
          if (all1[key] !== back[key]) differentBack++;
        }
        expect({ wronglyMoved, differentBack }).toEqual({ wronglyMoved: 0, differentBack: 0 });
        expect(moved).toBeLessThanOrEqual((1.2 * KEYS.length) / workers.length);
      }),
      { numRuns: 30 },
    );
  });

  it('are spread evenly over workers', () => {
    const workers = manyWorkers(16);
    const counts = new Map<TestWorker | undefined, number>();
    for (const chosen of choices(policyOf(workers))) counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
    expect(counts.size).toBe(workers.length);
    for (const count of counts.values()) {
      expect(count).toBeGreaterThan((0.85 * KEYS.length) / workers.length);
      expect(count).toBeLessThan((1.15 * KEYS.length) / workers.length);
    }
  });

  it('go where the names say, in whatever order the workers came', () => {
    fc.assert(
      fc.property(
        names.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
        ([all, shuffled]) => {
          const chosenNames = (some: readonly string[]) =>
            choices(policyOf(some.map((name) => workerNamed(name))), FEW_KEYS).map((worker) => worker?.name);
          expect(chosenNames(shuffled)).toEqual(chosenNames(all));
        },
      ),
    );
  });

  it('go to the next in their own order while the first is full, not ready or not eligible, and come back', () => {
    fc.assert(
      fc.property(names, fc.constantFrom('full', 'not ready', 'not eligible', 'gone'), (all, why) => {
        const workers = all.map((name) => workerNamed(name));
        const policy = policyOf(workers);
        for (const key of FEW_KEYS) {
          const first = policy.choose(key, undefined)!;
          policy.remove(first);
          const second = policy.choose(key, undefined);
          if (why !== 'gone') policy.add(first);
          if (why === 'full') first.outstanding = first.concurrency;
          if (why === 'not ready') first.ready = false;
          expect(policy.choose(key, why === 'not eligible' ? allBut(first) : undefined)).toBe(second);
          if (why === 'gone') policy.add(first);
          first.outstanding = 0;
          first.ready = true;
          expect(policy.choose(key, undefined)).toBe(first);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('of calls that only some may take move only from one of those that goes, or to one that comes', () => {
    fc.assert(
      fc.property(names, fc.nat(15), fc.infiniteStream(fc.boolean()), (all, at, coins) => {
        const workers = all.map((name) => workerNamed(name));
        const some = workers.filter(() => coins.next().value as boolean);
        const policy = policyOf(workers);
        const chosen = () => FEW_KEYS.map((key) => policy.choose(key, onlyOf(some)));
        const before = chosen();
        // As if the others were not there.
        expect(before).toEqual(choices(policyOf(some), FEW_KEYS));
        const mover = workers[at % workers.length]!;
        policy.remove(mover);
        for (const [index, worker] of chosen().entries()) {
          if (before[index] !== mover) expect(worker).toBe(before[index]);
          else expect(worker).not.toBe(mover);
        }
        policy.add(mover);
        expect(chosen()).toEqual(before);
      }),
    );
  });

  it('are shared by two workers whose names have the same hash', () => {
    const twins = ['worker-221085', 'worker-546710'];
    const [hash, same] = twins.map((name) => keyHash(new TextEncoder().encode(name), 0, name.length));
    expect(hash).toBe(same);
    const chosen = choices(policyOf(twins.map((name) => workerNamed(name)))).map((worker) => worker?.name);
    expect(chosen.filter((name) => name === twins[0]).length / KEYS.length).toBeCloseTo(0.5, 1);
    const reversed = [...twins].reverse().map((name) => workerNamed(name));
    expect(choices(policyOf(reversed)).map((worker) => worker?.name)).toEqual(chosen);
  });

  it('spread the keys of a full worker over all others', () => {
    const workers = manyWorkers(5);
    const policy = policyOf(workers);
    const of = KEYS.filter((key) => policy.choose(key, undefined) === workers[2]);
    workers[2]!.ready = false;
    const next = new Map<string | undefined, number>();
    for (const chosen of choices(policy, of)) next.set(chosen?.name, (next.get(chosen?.name) ?? 0) + 1);
    expect([...next.keys()].sort()).toEqual(['worker-0', 'worker-1', 'worker-3', 'worker-4']);
    for (const count of next.values()) expect(count).toBeGreaterThan(of.length / 5);
  });

  it('are hashed by the bytes between their bounds, and by nothing around them', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array(),
        fc.uint8Array(),
        (key, before, after) => {
          const surrounded = new Uint8Array([...before, ...key, ...after]);
          const start = before.length;
          expect(keyHash(surrounded, start, start + key.length)).toBe(keyHash(key, 0, key.length));
        },
      ),
    );
    expect(new Set(KEYS).size).toBeGreaterThan(KEYS.length - 5);
  });
});
