import { checkFilter, checkSubject, isReserved, matchesFilter } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import { elementsOf, flagOf, membersOf, numberOf, type Place, shown, textOf } from '../../json-members.js';
import { CONSUMER_DEFAULTS, type ConsumerConfig, type ConsumerStart } from './consumer-config.js';
import { CONSUMER_LIMITS } from './consumer-limits.js';
import { type ConsumerRuleId, consumerFault } from './consumer-rules.js';

const { maxNameCharacters, minAckWaitMs, maxAckWaitMs, maxMaxDeliver, maxBackoffs, maxDelayMs } =
  CONSUMER_LIMITS;

const NAME = new RegExp(`^[A-Za-z0-9_-]{1,${maxNameCharacters}}$`);
const STARTS = ['all', 'new', 'last', 'last-per-subject'] as const;

const FIXED = ['name', 'stream', 'filter', 'start'] as const;

const OPTIONAL = [
  ...(['filter', 'start', 'ackWaitMs', 'maxDeliver', 'backoffMs'] as const),
  ...(['maxAckPending', 'deadLetter', 'paused'] as const),
];

/**
 * The consumer that a value of JSON describes, with the defaults of what it leaves out. Throws INVALID_ARGUMENT that names
 * the path in the JSON, below `where`, and one of CONSUMER_RULES or a rule on the shape of JSON.
 */
export function readConsumerConfig(value: unknown, where = ''): ConsumerConfig {
  const members = membersOf({ value, where }, ['name', 'stream'], OPTIONAL);
  const read = <T>(place: Place | undefined, fallback: T, parse: (place: Place) => T): T =>
    place === undefined ? fallback : parse(place);
  const { filter, start, ackWaitMs, maxDeliver, backoffMs, maxAckPending, deadLetter, paused } = members;
  const byDefault: ConsumerConfig = { ...CONSUMER_DEFAULTS, name: '', stream: '' };
  return {
    name: nameOf(members.name),
    stream: nameOf(members.stream),
    filter: read(filter, byDefault.filter, filterOf),
    start: read(start, byDefault.start, startOf),
    ackWaitMs: read(ackWaitMs, byDefault.ackWaitMs, (place) =>
      wholeOf('ack-wait-range', place, minAckWaitMs, maxAckWaitMs),
    ),
    maxDeliver: read(maxDeliver, byDefault.maxDeliver, (place) =>
      wholeOf('max-deliver-range', place, 0, maxMaxDeliver),
    ),
    backoffMs: read(backoffMs, byDefault.backoffMs, backoffOf),
    maxAckPending: read(maxAckPending, byDefault.maxAckPending, (place) =>
      wholeOf('max-ack-pending-range', place, 1, CONSUMER_LIMITS.maxMaxAckPending),
    ),
    deadLetter: read(deadLetter, byDefault.deadLetter, deadLetterOf),
    paused: read(paused, byDefault.paused, flagOf),
  };
}

/**
 * Throws INVALID_ARGUMENT when the consumer would get its own dead letters, and give them up again without end: the stream
 * captures them, by one of its filters, and they are selected.
 */
export function checkDeadLetter({ filter, deadLetter }: ConsumerConfig, captured: readonly string[]): void {
  if (deadLetter === '') return;
  const isSelected = filter === CONSUMER_DEFAULTS.filter || matchesFilter(filter, deadLetter);
  if (!isSelected || !captured.some((one) => matchesFilter(one, deadLetter))) return;
  throw consumerFault('dead-letter-loop', 'deadLetter', { got: shown(deadLetter) });
}

/** Throws FAILED_PRECONDITION when a consumer would become another one, to which its cursor means nothing. */
export function checkReplaceable(old: ConsumerConfig, next: ConsumerConfig): void {
  for (const where of FIXED) {
    const [expected, got] = [JSON.stringify(old[where]), JSON.stringify(next[where])];
    if (expected === got) continue;
    throw new ModwireError('FAILED_PRECONDITION', {
      what: 'this does not change in a consumer that is there',
      ...{ expected, got, where, advice: 'make another consumer' },
    });
  }
}

function nameOf(place: Place): string {
  const name = textOf(place);
  if (NAME.test(name)) return name;
  throw consumerFault('name-form', place.where, { got: shown(name) });
}

function filterOf(place: Place): string {
  const filter = textOf(place);
  translated('filter-form', place.where, () => checkFilter(filter));
  return filter;
}

function deadLetterOf(place: Place): string {
  const subject = textOf(place);
  if (subject === '') return subject;
  if (isReserved(subject)) throw consumerFault('dead-letter-form', place.where, { got: shown(subject) });
  translated('dead-letter-form', place.where, () => checkSubject(subject));
  return subject;
}

function startOf(place: Place): ConsumerStart {
  const { value, where } = place;
  const word = STARTS.find((one) => one === value);
  if (word !== undefined) return word;
  if (typeof value !== 'object' || value === null) {
    throw consumerFault('start-unknown', where, { got: shown(value) });
  }
  const { offset, time } = membersOf(place, [], ['offset', 'time']);
  if (offset !== undefined && time === undefined) {
    return { offset: wholeOf('offset-range', offset, 1, Number.MAX_SAFE_INTEGER) };
  }
  if (time !== undefined && offset === undefined) {
    return { time: wholeOf('time-range', time, 0, Number.MAX_SAFE_INTEGER) };
  }
  throw consumerFault('start-unknown', where, { got: offset === undefined ? 'neither' : 'both' });
}

function backoffOf(place: Place): number[] {
  const places = elementsOf(place);
  if (places.length > maxBackoffs) {
    throw consumerFault('backoff-count', place.where, { got: String(places.length) });
  }
  return places.map((delay) => wholeOf('backoff-range', delay, 0, maxDelayMs));
}

function wholeOf(rule: ConsumerRuleId, place: Place, min: number, max: number): number {
  const number = numberOf(place);
  // What JSON calls -0 is none.
  if (Number.isInteger(number) && number >= min && number <= max) return Math.abs(number);
  throw consumerFault(rule, place.where, { got: shown(number) });
}

/** What another check says, by this rule and at this place. */
function translated(rule: ConsumerRuleId, where: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof ModwireError)) throw error;
    const { expected, got } = error.detail;
    throw consumerFault(rule, where, {
      ...(expected !== undefined && { expected }),
      ...(got !== undefined && { got }),
    });
  }
}
