import type { ErrorCode } from '../../errors.js';
import { callVerdict } from './call-verdict.js';
import { answeredOf, type Measurements, type Tally, type VersionFigures } from './measurements.js';
import type { BlueGreenPlan, CanaryPlan } from './rollout-plan.js';

/** Sums of binary fractions are a little beside those of decimal ones: 0.29 of 100 is not quite 29. */
const ROUNDING = 1e-9;

/**
 * Why the gates of a plan send everything back; undefined when they let it pass. `judged`: what came of the candidate's
 * requests in the present step.
 *
 * Of few requests nothing follows, but of more failures than `minRequests` may have it does, whatever the others will do:
 * fails when failures > rate × max(requests, minRequests). That holds for the window, and for the step as a whole, so that
 * a step with few requests in each window is judged too. Percentiles are judged of `minRequests` replies or more.
 */
export function failedGate(
  { gates, minRequests }: CanaryPlan | BlueGreenPlan,
  { stable, candidate }: Pick<Measurements, 'stable' | 'candidate'>,
  judged: Tally,
): string | undefined {
  if (gates === undefined) return undefined;
  const { maxErrorRate, maxP99Ms, maxP99Ratio } = gates;
  if (maxErrorRate !== undefined) {
    const inWindow = errorsText(candidate, maxErrorRate, minRequests);
    if (inWindow !== undefined) return `${inWindow}${mostlyText(candidate)}`;
    const inStep = errorsText(judged, maxErrorRate, minRequests);
    if (inStep !== undefined) return `${inStep}, in the whole step`;
  }
  const { p99Ms } = candidate;
  if (p99Ms === undefined || answeredOf(candidate) < minRequests) return undefined;
  if (maxP99Ms !== undefined && p99Ms > maxP99Ms) {
    return `99 % of replies took up to ${msText(p99Ms)}: more than ${msText(maxP99Ms)}`;
  }
  if (maxP99Ratio === undefined || stable.p99Ms === undefined || answeredOf(stable) < minRequests) {
    return undefined;
  }
  if (p99Ms <= maxP99Ratio * stable.p99Ms) return undefined;
  return `99 % of replies took up to ${msText(p99Ms)}: more than ${maxP99Ratio} times the ${msText(stable.p99Ms)} of the stable version`;
}

function errorsText({ requests, failed }: Tally, rate: number, minRequests: number): string | undefined {
  const of = Math.max(requests, minRequests);
  if (failed <= (rate + ROUNDING) * of) return undefined;
  const share = `${failed} of ${requests} requests failed`;
  const allowed = `more than ${percentText(rate)}`;
  return requests < minRequests ? `${share}: ${allowed} of ${minRequests} requests` : `${share}: ${allowed}`;
}

/** The most frequent code of those that failed is what to look for. */
function mostlyText({ codes }: VersionFigures): string {
  const [most] = Object.entries(codes)
    .filter(([code]) => callVerdict(code as ErrorCode) === 'failed')
    .sort(([, a], [, b]) => b - a);
  return most === undefined ? '' : `, mostly ${most[0]}`;
}

function percentText(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`;
}

function msText(ms: number): string {
  return `${Number(ms.toPrecision(4))} ms`;
}
