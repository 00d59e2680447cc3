import fc from 'fast-check';
import type { NamedCandidate } from '../../src/routing/calls/sticky-keys.js';
import type { Eligible } from '../../src/routing/calls/worker-policy.js';

/** A worker that tests load and unload. */
export interface TestWorker extends NamedCandidate {
  outstanding: number;
  concurrency: number;
  ready: boolean;
}

/** An idle worker; its name makes it another one. */
export function workerNamed(name: string, concurrency = 4): TestWorker {
  return { name, outstanding: 0, concurrency, ready: true };
}

/** Workers `first`, `first + 1` and so on. */
export function manyWorkers(count: number, first = 0): TestWorker[] {
  return Array.from({ length: count }, (_, index) => workerNamed(`worker-${first + index}`));
}

/** Says that all but one may take a call. */
export function allBut<W>(one: W | undefined): Eligible<W> | undefined {
  return one === undefined ? undefined : { admits: (worker) => worker !== one };
}

/** Says that those of some may take a call. */
export function onlyOf<W>(some: readonly W[]): Eligible<W> {
  return { admits: (worker) => some.includes(worker) };
}

/** One in any state: idle, busy or full, ready or not. */
export const anyWorker: fc.Arbitrary<Omit<TestWorker, 'name'>> = fc
  .record({ concurrency: fc.integer({ min: 1, max: 8 }), used: fc.nat(8), ready: fc.boolean() })
  .map(({ concurrency, used, ready }) => ({ concurrency, outstanding: Math.min(used, concurrency), ready }));
