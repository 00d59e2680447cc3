import type { ConsumerConfig } from './consumer-config.js';
import type { FailedAttempt, GivenUp } from './unsettled-record.js';

/** What is to be published of a record that is given up, beside the record itself. */
export interface DeadLetter extends GivenUp {
  readonly offset: number;
  /** How often it was delivered. */
  readonly attempts: number;
  /** The last attempts, oldest first: at most CONSUMER_LIMITS.maxToldAttempts, and none from before a restart. */
  readonly history: readonly FailedAttempt[];
}

/**
 * The headers that a dead letter has besides those of its record, in this order; docs/consumers.md tells of them. `subject` is
 * the record's. Times of attempts are taken as Unix time.
 */
export function deadLetterHeaders(
  { offset, cause, reason, attempts, history }: DeadLetter,
  { stream, name }: ConsumerConfig,
  subject: string,
): [name: string, value: string][] {
  return [
    ['modwire-reason', reason],
    ['modwire-cause', cause],
    ['modwire-subject', subject],
    ['modwire-stream', stream],
    ['modwire-offset', String(offset)],
    ['modwire-consumer', name],
    ['modwire-attempts', String(attempts)],
    ...history.map(({ atMs, member, reason: why }): [string, string] => [
      'modwire-attempt',
      `${new Date(atMs).toISOString()} ${member}: ${why}`,
    ]),
  ];
}
