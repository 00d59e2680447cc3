import { faultsOf, type InputRule, rule } from '../../input-rules.js';
import { EXPERIMENT_LIMITS } from '../experiments/experiment-limits.js';
import { ROLLOUT_LIMITS } from './rollout-limits.js';

const { maxSteps, maxHoldMs, maxMinRequests, maxLatencyMs, maxRatio, minWindowMs, maxWindowMs } =
  ROLLOUT_LIMITS;

/**
 * Everything that can be wrong with a plan besides the shape of its JSON (`value-type`, `unknown-member`, `missing-member`,
 * as with experiments), by a name that stays. docs/rollouts.md lists them.
 */
export const ROLLOUT_RULES = {
  'name-form': rule('not a name', `1 to ${EXPERIMENT_LIMITS.maxNameCharacters} letters, digits, _ or -`),
  'subject-form': rule('not a filter of subjects', 'a filter that does not begin with $'),
  'not-a-range': rule('not a range of versions', 'a range such as ^1.2, ~1.2.3, >=1 <2 or *'),
  'range-empty': rule('no version is in this range', 'a range that has versions'),
  'versions-overlap': rule('a version is stable and candidate', 'ranges that have no version in common'),
  'strategy-unknown': rule('not a strategy', 'canary, blueGreen or rolling'),
  'steps-count': rule('too few or too many steps', `1 to ${maxSteps} steps`),
  'step-range': rule('not the weight of a step', 'above 0 to 100 with at most two decimals'),
  'steps-rise': rule('a step that is not above the one before', 'weights that rise'),
  'steps-end': rule('the last step is not all requests', '100 as the last step'),
  'time-range': rule('not a time for this', `0 to ${maxHoldMs} whole milliseconds`),
  'requests-range': rule('not a number of requests to judge', `1 to ${maxMinRequests}, a whole number`),
  'window-range': rule('not a window', `${minWindowMs} to ${maxWindowMs} whole milliseconds`),
  'gate-missing': rule('gates that judge nothing', 'maxErrorRate, maxP99Ms or maxP99Ratio'),
  'gate-range': rule(
    'not the bound of a gate',
    `an error rate of 0 to below 1, a latency above 0 and at most ${maxLatencyMs} ms, a ratio of 1 to ${maxRatio}`,
  ),
  'gate-blind': rule(
    'a gate with nothing to compare with',
    'maxP99Ratio only where the stable version has requests beside the candidate: in a canary with a step below 100',
  ),
  'state-form': rule('not the state of a rollout', 'what JSON.stringify made of one'),
} as const satisfies Record<string, InputRule>;

export type RolloutRuleId = keyof typeof ROLLOUT_RULES;

/** The error of a wrong plan or state; `where` is the path in its JSON. */
export const rolloutFault = faultsOf<RolloutRuleId>(ROLLOUT_RULES);
