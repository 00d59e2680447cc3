import { checkFilter } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import { membersOf, type Place, shown, textOf } from '../../json-members.js';
import { consumerFault } from '../../routing/consumers/consumer-rules.js';
import type { StreamLog } from '../../streams/stream-log.js';

/** What a reader wants of a stream. */
export interface ReaderRange {
  /** The first offset. */
  readonly from: number;
  /** The last one; Infinity for none. */
  readonly to: number;
  readonly filter: string;
}

/** Which log is read: as much of it as says where a reader begins and ends. */
type Bounds = Pick<StreamLog<unknown>, 'firstOffset' | 'lastOffset' | 'offsetAt'>;

/**
 * What the JSON of a reader's options asks for, with where the stream stands at this moment. Throws INVALID_ARGUMENT that names the
 * path in the JSON.
 */
export function readerRange(json: string, log: Bounds): ReaderRange {
  const { from, to, filter } = membersOf({ value: parsed(json), where: '' }, [], ['from', 'to', 'filter']);
  return {
    from: from === undefined ? log.firstOffset : fromOf(from, log),
    to: to === undefined ? Number.POSITIVE_INFINITY : toOf(to, log),
    filter: filter === undefined ? '>' : filterOf(filter),
  };
}

function parsed(json: string): unknown {
  try {
    return json === '' ? {} : JSON.parse(json);
  } catch (thrown) {
    const got = (thrown as Error).message;
    throw new ModwireError('INVALID_ARGUMENT', { what: 'options not understood', expected: 'JSON', got });
  }
}

function fromOf(place: Place, log: Bounds): number {
  if (place.value === 'all') return log.firstOffset;
  if (place.value === 'new') return log.lastOffset + 1;
  const { offset, time } = partsOf(place, 'all, new');
  return offset === undefined ? log.offsetAt(microsOf(time!)) : offsetOf(offset, 1);
}

function toOf(place: Place, log: Bounds): number {
  if (place.value === 'end') return log.lastOffset;
  const { offset, time } = partsOf(place, 'end');
  return offset === undefined ? log.offsetAt(microsOf(time!) + 1) - 1 : offsetOf(offset, 0);
}

/** Exactly one of both is there. */
function partsOf(place: Place, words: string): { offset?: Place; time?: Place } {
  const expected = `${words}, or an object with offset or time alone`;
  if (typeof place.value !== 'object' || place.value === null) {
    throw consumerFault('start-unknown', place.where, { expected, got: shown(place.value) });
  }
  const parts = membersOf(place, [], ['offset', 'time']);
  if ((parts.offset === undefined) !== (parts.time === undefined)) return parts;
  throw consumerFault('start-unknown', place.where, {
    ...{ expected, got: parts.offset === undefined ? 'neither' : 'both' },
  });
}

function offsetOf({ value, where }: Place, least: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw consumerFault('offset-range', where, {
    ...{ expected: `a whole number from ${least} on`, got: shown(value) },
  });
}

/** Unix time in milliseconds, or as ISO 8601 has it, as microseconds. */
function microsOf({ value, where }: Place): number {
  const ms = typeof value === 'string' ? Date.parse(value) : value;
  if (typeof ms === 'number' && ms >= 0 && ms * 1000 <= Number.MAX_SAFE_INTEGER) return Math.floor(ms * 1000);
  throw consumerFault('time-range', where, {
    ...{ expected: 'Unix time in milliseconds, or a time as ISO 8601 has it', got: shown(value) },
  });
}

function filterOf(place: Place): string {
  const filter = textOf(place);
  try {
    checkFilter(filter);
    return filter;
  } catch (thrown) {
    if (!(thrown instanceof ModwireError)) throw thrown;
    throw consumerFault('filter-form', place.where, { got: shown(filter) });
  }
}
