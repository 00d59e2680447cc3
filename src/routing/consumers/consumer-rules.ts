import { faultsOf, type InputRule, rule } from '../../input-rules.js';
import { CONSUMER_LIMITS } from './consumer-limits.js';

const { maxNameCharacters, minAckWaitMs, maxAckWaitMs, maxMaxDeliver, maxBackoffs, maxDelayMs } =
  CONSUMER_LIMITS;

/**
 * Everything that can be wrong with a consumer besides the shape of its JSON (`value-type`, `unknown-member`,
 * `missing-member`, as with experiments), by a name that stays. docs/consumers.md lists them.
 */
export const CONSUMER_RULES = {
  'name-form': rule('not a name', `1 to ${maxNameCharacters} letters, digits, _ or -`),
  'filter-form': rule('not a filter of subjects', 'a subject in which tokens may be * and the last may be >'),
  'start-unknown': rule(
    'not a place to begin',
    'all, new, last, last-per-subject, or an object with offset or time alone',
  ),
  'offset-range': rule('not an offset', 'a whole number from 1 on'),
  'time-range': rule('not a time', 'Unix time in whole milliseconds, from 0 on'),
  'ack-wait-range': rule('not an ack wait', `${minAckWaitMs} to ${maxAckWaitMs} whole milliseconds`),
  'max-deliver-range': rule('not a number of attempts', `0 to ${maxMaxDeliver}, a whole number`),
  'backoff-count': rule('too many delays', `at most ${maxBackoffs}`),
  'backoff-range': rule('not a delay', `0 to ${maxDelayMs} whole milliseconds`),
  'max-ack-pending-range': rule(
    'not a number of records under way',
    `1 to ${CONSUMER_LIMITS.maxMaxAckPending}, a whole number`,
  ),
  'dead-letter-form': rule('not a subject for dead letters', 'a subject that does not begin with $, or none'),
  'dead-letter-loop': rule(
    'the dead letters would come back to their consumer',
    'a subject that the stream does not capture, or that the filter does not select',
  ),
} as const satisfies Record<string, InputRule>;

export type ConsumerRuleId = keyof typeof CONSUMER_RULES;

/** The error of a wrong configuration; `where` is the path in its JSON. */
export const consumerFault = faultsOf<ConsumerRuleId>(CONSUMER_RULES);
