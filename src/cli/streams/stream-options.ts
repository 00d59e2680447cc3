import type { Arguments, OptionSpec } from '../arguments.js';

const MAX_COUNT = Number.MAX_SAFE_INTEGER;

/** What may change later. */
export const BOUND_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'max-age',
    value: 'DURATION',
    about: 'Remove records that are older, such as 168h; 0 for no bound.',
  },
  {
    name: 'max-bytes',
    value: 'SIZE',
    about: 'Remove the oldest records beyond this, such as 10GiB; 0 for no bound.',
  },
  { name: 'max-records', value: 'N', about: 'Remove the oldest records beyond this; 0 for no bound.' },
  {
    name: 'max-per-subject',
    value: 'N',
    about: 'Keep only the last so many records of each subject; 0 for no bound.',
  },
  {
    name: 'dedup',
    value: 'DURATION',
    about: 'For how long message ids are known, to store nothing twice; 0 for not at all.',
  },
];

/** What was said of bounds, as a stream's JSON has it. */
export function boundsOf(args: Arguments): { retention?: object; dedupMs?: number } {
  const retention = {
    maxAgeMs: args.quantity('max-age', 'ms', 0, MAX_COUNT),
    maxBytes: args.quantity('max-bytes', 'bytes', 0, MAX_COUNT),
    maxRecords: args.quantity('max-records', 'count', 0, MAX_COUNT),
    maxPerSubject: args.quantity('max-per-subject', 'count', 0, MAX_COUNT),
  };
  const given = Object.entries(retention).filter(([, value]) => value !== undefined);
  const dedupMs = args.quantity('dedup', 'ms', 0, MAX_COUNT);
  return {
    ...(given.length > 0 && { retention: Object.fromEntries(given) }),
    ...(dedupMs !== undefined && { dedupMs }),
  };
}
