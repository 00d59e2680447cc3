import type { BenchCase, Readings, RunContext } from '../bench-case.js';
import { startBroker } from '../peers/index.js';
import { cpuNanoseconds, procUnavailable } from '../proc.js';

/**
 * Well below what a broker can do, and the same for both sides of a comparison: a saturated broker gathers more
 * frames a turn the slower it is, which would hide just the cost that is looked for.
 */
const FRAMES_PER_SECOND = 100_000;

/** How long frames that are under way may stay away before they count as lost. Milliseconds. */
const PATIENCE_MS = 5_000;

const MANY_SUBJECTS = 100_000;
const MANY_FILTERS = 10_000;
const FILTERS_PER_CONNECTION = 2_500;
/** Subjects of the filter case: enough that a route is looked up and not only remembered. */
const FILTERED_SUBJECTS = 1_000;

const metrics = [{ name: 'broker-cost', unit: 'ns/frame', better: 'lower' }] as const;

export const scaleSubjects: BenchCase = {
  name: 'scale-subjects',
  about: `CPU time of the broker for a frame with ${MANY_SUBJECTS} subjects in turn (modwire) and with one`,
  metrics,
  systems: ['modwire', 'modwire-1-subject'],
  targets: { 'modwire-1-subject': 1 / 1.5 },
  unavailable: procUnavailable,
  run: (system, context) => {
    const count = system === 'modwire' ? MANY_SUBJECTS : 1;
    return measure({ subjects: { prefix: 'features.user', count }, filter: '>', otherFilters: 0 }, context);
  },
};

export const scaleFilters: BenchCase = {
  name: 'scale-filters',
  about: `CPU time of the broker for a frame with ${MANY_FILTERS} wildcard filters on other subjects (modwire) and none`,
  metrics,
  systems: ['modwire', 'modwire-1-filter'],
  targets: { 'modwire-1-filter': 1 / 1.5 },
  unavailable: procUnavailable,
  run: (system, context) => {
    const otherFilters = system === 'modwire' ? MANY_FILTERS : 0;
    const subjects = { prefix: 'features.user', count: FILTERED_SUBJECTS };
    return measure({ subjects, filter: 'features.user.*', otherFilters }, context);
  },
};

interface Load {
  readonly subjects: { readonly prefix: string; readonly count: number };
  /** What the subscriber that counts the frames subscribes to. */
  readonly filter: string;
  /** Filters of other connections, which select none of the subjects. */
  readonly otherFilters: number;
}

async function measure(load: Load, { processes, warmupMs, windowMs }: RunContext): Promise<Readings> {
  const { url, pid } = await startBroker('modwire', processes);
  const subscriber = processes.fork('scale-subscriber');
  const connections = Math.ceil(load.otherFilters / FILTERS_PER_CONNECTION);
  await subscriber.ask('hold', { url, connections, filtersEach: FILTERS_PER_CONNECTION });
  await subscriber.ask('subscribe', { url, filter: load.filter });
  const publisher = processes.fork('paced-publisher');
  await publisher.ask('connect', { url, subjects: load.subjects });

  let expected = 0;
  async function publish(frames: number): Promise<void> {
    expected += frames;
    await publisher.ask('publish', { frames, perSecond: FRAMES_PER_SECOND });
    const counted = await subscriber.ask<{ received: number; missed: number }>('settle', {
      expected,
      patienceMs: PATIENCE_MS,
    });
    if (counted.received !== expected || counted.missed !== 0) {
      throw new Error(
        `expected ${expected} frames, got ${counted.received} and ${counted.missed} reported as missed`,
      );
    }
  }

  // Every subject is created before it counts, and the few-subjects side is given as many frames to warm up with.
  await publish(MANY_SUBJECTS + Math.round((FRAMES_PER_SECOND * warmupMs) / 1000));
  const frames = Math.round((FRAMES_PER_SECOND * windowMs) / 1000);
  const before = cpuNanoseconds(pid);
  await publish(frames);
  return { 'broker-cost': (cpuNanoseconds(pid) - before) / frames };
}
