import { faultsOf, type InputRule, rule } from '../input-rules.js';
import { CAPTURED_KINDS, STORAGE_KINDS, STREAM_BOUNDS, SYNC_MODES } from './stream-config.js';

const { maxNameCharacters, maxFilters, maxSyncMs, maxAgeMs, maxPerSubject, maxDedupMs } = STREAM_BOUNDS;

/**
 * Everything that can be wrong with a stream besides the shape of its JSON (`value-type`, `unknown-member`, `missing-member`), by
 * a name that stays. docs/streams.md lists them.
 */
export const STREAM_RULES = {
  'name-form': rule('not a name', `1 to ${maxNameCharacters} letters, digits, _ or -`),
  'filter-count': rule('too few or too many filters', `1 to ${maxFilters} filters`),
  'filter-form': rule('not a filter of subjects', 'a filter'),
  'filter-reserved': rule(
    'subjects of the broker that no stream keeps',
    'subjects without $ in front, or below $experiments. or $quarantine.',
  ),
  'filter-overlap': rule('two filters of one stream overlap', 'filters that have no subject in common'),
  'kind-unknown': rule('not a kind of frames', `at least one of ${CAPTURED_KINDS.join(', ')}, each once`),
  'storage-unknown': rule('not a place to keep records', STORAGE_KINDS.join(' or ')),
  'sync-unknown': rule('not a way to sync', SYNC_MODES.join(', ')),
  'sync-needless': rule('nothing to sync', 'none for a stream in memory'),
  'sync-range': rule('not a time between syncs', `1 to ${maxSyncMs} whole milliseconds`),
  'bound-range': rule('not a bound', 'a whole number, 0 for none'),
  'age-range': rule('not an age', `0 to ${maxAgeMs} whole milliseconds, 0 for none`),
  'per-subject-range': rule('not a number of records', `0 to ${maxPerSubject}, 0 for no bound`),
  'memory-unbounded': rule('a stream in memory without a bound', 'maxBytes above 0'),
  'dedup-range': rule('not a window', `0 to ${maxDedupMs} whole milliseconds, 0 for none`),
} as const satisfies Record<string, InputRule>;

export type StreamRuleId = keyof typeof STREAM_RULES;

/** The error of a wrong configuration; `where` is the path in its JSON. */
export const streamFault = faultsOf<StreamRuleId>(STREAM_RULES);
