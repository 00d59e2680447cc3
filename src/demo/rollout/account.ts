import type { EndedRequest } from './commands.js';
import type { KeySides } from './key-sides.js';
import { type Side, VERSIONS } from './scene.js';
import { type Span, spanOf, weightDuring } from './spans.js';

/** Requests of one span, and where they went. */
export interface StepAccount {
  readonly name: string;
  /** That the candidate is to have. Percent. */
  readonly planned: number;
  /** How long its weights were in force. Milliseconds. */
  readonly tookMs: number;
  /** Requests that surely belong to it, of new users: each is a draw of its own. */
  readonly requests: number;
  readonly stable: number;
  readonly candidate: number;
  readonly failed: number;
  /** How far the observed share is from the planned one, in standard deviations of so many draws; absent where nothing is drawn. */
  readonly sigmas?: number;
}

export interface RequestAccount {
  readonly steps: readonly StepAccount[];
  readonly answered: Readonly<Record<Side, number>>;
  /** By code. */
  readonly failed: Readonly<Record<string, number>>;
  /** Failed, although their keys did not belong to the candidate. */
  readonly failedElsewhere: number;
  /** Requests of which it is known for certain which version they belong to, and those that went to the other one. */
  readonly judged: number;
  readonly elsewhere: number;
  /** Requests of users who had asked before, and those that met the old version after the new one. */
  readonly returning: number;
  readonly wentBack: number;
}

/** Who answered a request; undefined when it failed. */
export function sideOf({ version }: EndedRequest): Side | undefined {
  if (version === undefined) return undefined;
  return version === VERSIONS.candidate ? 'candidate' : 'stable';
}

/** Accounts for requests that have ended. `keys` says where they belong; undefined when there was no rollout. */
export function accountFor(
  ended: readonly EndedRequest[],
  spans: readonly Span[],
  keys: KeySides | undefined,
): RequestAccount {
  const answered = { stable: 0, candidate: 0 };
  const failed: Record<string, number> = {};
  const inSpans = new Map<Span, EndedRequest[]>(spans.map((span) => [span, []]));
  let failedElsewhere = 0;
  let judged = 0;
  let elsewhere = 0;
  const belongs = (key: string, weight: number) => keys?.sideOf(key, weight) ?? 'stable';
  for (const request of ended) {
    const side = sideOf(request);
    if (side !== undefined) answered[side]++;
    else {
      failed[request.code!] = (failed[request.code!] ?? 0) + 1;
      if (belongs(request.key, weightDuring(spans, request)) === 'stable') failedElsewhere++;
    }
    const span = spanOf(spans, request);
    if (span === undefined) continue;
    inSpans.get(span)!.push(request);
    if (side === undefined) continue;
    judged++;
    if (side !== belongs(request.key, span.weight)) elsewhere++;
  }
  return {
    steps: spans.map((span) => accountStep(span, inSpans.get(span)!, belongs)),
    ...{ answered, failed, failedElsewhere, judged, elsewhere },
    returning: ended.filter(({ returning }) => returning).length,
    wentBack: countWentBack(ended),
  };
}

function accountStep(
  { name, weight, from, surelyTo }: Span,
  requests: readonly EndedRequest[],
  belongs: (key: string, weight: number) => Side,
): StepAccount {
  const drawn = requests.filter(({ returning }) => !returning);
  // One that failed was at the version where its key belongs.
  const candidate = drawn.filter((one) => (sideOf(one) ?? belongs(one.key, weight)) === 'candidate').length;
  const share = weight / 100;
  const deviation = Math.sqrt(drawn.length * share * (1 - share));
  return {
    ...{ name, planned: weight, tookMs: surelyTo - from, requests: drawn.length },
    ...{ stable: drawn.length - candidate, candidate },
    failed: drawn.filter(({ code }) => code !== undefined).length,
    ...(deviation > 0 && { sigmas: (candidate - drawn.length * share) / deviation }),
  };
}

function countWentBack(ended: readonly EndedRequest[]): number {
  const metAt = new Map<string, number>();
  for (const request of ended) {
    if (sideOf(request) !== 'candidate') continue;
    metAt.set(request.key, Math.min(request.endedAt, metAt.get(request.key) ?? Number.POSITIVE_INFINITY));
  }
  return ended.filter(
    (request) => sideOf(request) === 'stable' && request.begunAt > (metAt.get(request.key) ?? Infinity),
  ).length;
}
