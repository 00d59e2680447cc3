import { filtersOverlap } from '../../codec/subject.js';
import { versionsOverlap } from '../rollouts/version-overlap.js';
import type { Experiment, Variant } from './experiment.js';
import { experimentFault } from './experiment-rules.js';

/** One experiment's mirror, and where requests may be that it copies. */
interface MirrorWay {
  readonly experiment: string;
  readonly subject: string;
  readonly sources: readonly Target[];
  readonly target: Target;
}

/** Without a version: of any. */
type Target = Pick<Variant, 'service' | 'version'>;

/**
 * Throws INVALID_ARGUMENT (`cyclic-mirror`) when mirrors of several experiments lead in a circle: each copies requests
 * to where the next one copies from, and their subjects overlap. The message names the way.
 */
export function checkMirrors(experiments: readonly Experiment[]): void {
  const circle = findMirrorCycle(experiments);
  if (circle === undefined) return;
  throw experimentFault('cyclic-mirror', `${circle[0]}.mirror.variant`, { got: circle.join(' → ') });
}

/** Names of the experiments of such a circle, in order, the first one again at the end; undefined when there is none. */
export function findMirrorCycle(experiments: readonly Experiment[]): string[] | undefined {
  const ways = experiments.flatMap(mirrorWay);
  const done = new Set<MirrorWay>();
  const path: MirrorWay[] = [];
  const follow = (way: MirrorWay): MirrorWay[] | undefined => {
    const start = path.indexOf(way);
    if (start >= 0) return [...path.slice(start), way];
    if (done.has(way)) return undefined;
    path.push(way);
    for (const next of ways) {
      const circle = leadsTo(way, next) ? follow(next) : undefined;
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(way);
    return undefined;
  };
  for (const way of ways) {
    const circle = follow(way);
    if (circle !== undefined) return circle.map(({ experiment }) => experiment);
  }
  return undefined;
}

function mirrorWay(experiment: Experiment): MirrorWay[] {
  const { name, subject, variants, mirror } = experiment;
  if (mirror === undefined || mirror.percent === 0) return [];
  const sources = variants.filter(
    (variant) =>
      variant.name !== mirror.variant &&
      (variant.weight > 0 || variant.name === experiment.default) &&
      // One that says nothing about its workers means those of no other experiment.
      (variant.version !== undefined || variant.service !== undefined),
  );
  const target = variants.find((variant) => variant.name === mirror.variant)!;
  return [{ experiment: name, subject, sources, target }];
}

/** Whether copies that one mirror makes may get to where the other one copies from. */
function leadsTo(way: MirrorWay, next: MirrorWay): boolean {
  if (way === next || !filtersOverlap(way.subject, next.subject)) return false;
  return next.sources.some((source) => isSame(way.target, source));
}

function isSame(a: Target, b: Target): boolean {
  if (a.service !== b.service) return false;
  return a.version === undefined || b.version === undefined || versionsOverlap(a.version, b.version);
}
