import { checkFilter, filtersOverlap, isReserved } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import { elementsOf, membersOf, numberOf, type Place, shown, textOf } from '../json-members.js';
import {
  CAPTURED_KINDS,
  type CapturedKind,
  STORAGE_KINDS,
  STREAM_BOUNDS,
  STREAM_DEFAULTS,
  type StorageKind,
  type StreamConfig,
  SYNC_MODES,
  type SyncMode,
} from './stream-config.js';
import { type StreamRuleId, streamFault } from './stream-rules.js';

const { maxNameCharacters, maxFilters, maxSyncMs, maxAgeMs, maxPerSubject, maxDedupMs } = STREAM_BOUNDS;

const NAME = new RegExp(`^[A-Za-z0-9_-]{1,${maxNameCharacters}}$`);

/** What the broker publishes that is worth to be kept. */
const KEPT_RESERVED = ['$experiments.', '$quarantine.'];

/**
 * The stream that a value of JSON describes, with the defaults of what it leaves out. Throws INVALID_ARGUMENT that names the
 * path in the JSON, below `where`, and one of STREAM_RULES or a rule on the shape of JSON.
 */
export function readStreamConfig(value: unknown, where = ''): StreamConfig {
  const members = membersOf(
    { value, where },
    ['name', 'filters'],
    ['kinds', 'storage', 'sync', 'syncMs', 'retention', 'dedupMs'],
  );
  const name = nameOf(members.name);
  const filters = filtersOf(members.filters);
  const kinds = members.kinds === undefined ? STREAM_DEFAULTS.kinds : kindsOf(members.kinds);
  const storage = choiceOf(members.storage, 'storage-unknown', STORAGE_KINDS, STREAM_DEFAULTS.storage);
  const synced = syncOf(storage, members.sync, members.syncMs);
  const retention = retentionOf(storage, members.retention ?? { value: {}, where: '' });
  const dedupMs = wholeOf(members.dedupMs, 'dedup-range', 0, maxDedupMs, STREAM_DEFAULTS.dedupMs);
  return { name, filters, kinds, storage, ...synced, retention, dedupMs };
}

function nameOf(place: Place): string {
  const name = textOf(place);
  if (NAME.test(name)) return name;
  throw streamFault('name-form', place.where, { got: shown(name) });
}

function filtersOf(place: Place): string[] {
  const places = elementsOf(place);
  if (places.length < 1 || places.length > maxFilters) {
    throw streamFault('filter-count', place.where, { got: String(places.length) });
  }
  const filters = places.map(filterOf);
  filters.forEach((filter, index) => {
    const other = filters.slice(0, index).find((one) => filtersOverlap(one, filter));
    if (other === undefined) return;
    throw streamFault('filter-overlap', places[index]!.where, {
      got: `${shown(filter)} and ${shown(other)}`,
    });
  });
  return filters;
}

function filterOf(place: Place): string {
  const filter = textOf(place);
  try {
    checkFilter(filter);
  } catch (error) {
    if (!(error instanceof ModwireError)) throw error;
    const { expected, got } = error.detail;
    throw streamFault('filter-form', place.where, { expected: expected!, got: got! });
  }
  if (!isReserved(filter) || KEPT_RESERVED.some((prefix) => filter.startsWith(prefix))) return filter;
  throw streamFault('filter-reserved', place.where, { got: shown(filter) });
}

function kindsOf(place: Place): CapturedKind[] {
  const places = elementsOf(place);
  const kinds = places.map((one) => choiceOf(one, 'kind-unknown', CAPTURED_KINDS, 'message'));
  if (kinds.length > 0 && new Set(kinds).size === kinds.length) return kinds;
  throw streamFault('kind-unknown', place.where, { got: kinds.length === 0 ? 'none' : kinds.join(', ') });
}

function syncOf(
  storage: StorageKind,
  sync: Place | undefined,
  syncMs: Place | undefined,
): Pick<StreamConfig, 'sync' | 'syncMs'> {
  const byDefault: SyncMode = storage === 'memory' ? 'none' : STREAM_DEFAULTS.sync;
  const mode = choiceOf(sync, 'sync-unknown', SYNC_MODES, byDefault);
  const time = wholeOf(syncMs, 'sync-range', 1, maxSyncMs, STREAM_DEFAULTS.syncMs);
  if (storage === 'memory' && mode !== 'none') {
    throw streamFault('sync-needless', sync!.where, { got: `${mode} of a stream in memory` });
  }
  return { sync: mode, syncMs: time };
}

function retentionOf(storage: StorageKind, place: Place): StreamConfig['retention'] {
  const members = membersOf(place, [], ['maxAgeMs', 'maxBytes', 'maxRecords', 'maxPerSubject']);
  const { retention, memoryBytes } = STREAM_DEFAULTS;
  const bytes = storage === 'memory' ? memoryBytes : retention.maxBytes;
  const most = Number.MAX_SAFE_INTEGER;
  const maxBytes = wholeOf(members.maxBytes, 'bound-range', 0, most, bytes);
  if (storage === 'memory' && maxBytes === 0) {
    throw streamFault('memory-unbounded', members.maxBytes!.where, { got: '0' });
  }
  return {
    maxAgeMs: wholeOf(members.maxAgeMs, 'age-range', 0, maxAgeMs, retention.maxAgeMs),
    maxBytes,
    maxRecords: wholeOf(members.maxRecords, 'bound-range', 0, most, retention.maxRecords),
    maxPerSubject: wholeOf(
      members.maxPerSubject,
      'per-subject-range',
      0,
      maxPerSubject,
      retention.maxPerSubject,
    ),
  };
}

function wholeOf(
  place: Place | undefined,
  rule: StreamRuleId,
  min: number,
  max: number,
  byDefault: number,
): number {
  if (place === undefined) return byDefault;
  const value = numberOf(place);
  // -0 is 0.
  if (Number.isSafeInteger(value) && value >= min && value <= max) return Math.abs(value);
  throw streamFault(rule, place.where, { got: shown(value) });
}

function choiceOf<Choice extends string>(
  place: Place | undefined,
  rule: StreamRuleId,
  choices: readonly Choice[],
  byDefault: Choice,
): Choice {
  if (place === undefined) return byDefault;
  const text = textOf(place);
  const choice = choices.find((one) => one === text);
  if (choice !== undefined) return choice;
  throw streamFault(rule, place.where, { got: shown(text) });
}
