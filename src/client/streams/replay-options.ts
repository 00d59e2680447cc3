import { checkFilter, checkSubject } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import { MAX_SPEED } from '../../routing/replay-pace.js';
import type { SignalOptions } from '../abort.js';
import { invalid } from './check-options.js';
import type { LostRange } from './lost-range.js';
import type { ReadFrom, ReadTo } from './read-options.js';
import type { StreamRecord } from './stream-reader.js';

/** `original`: with the pauses of the original. `max`: as fast as the broker takes it. 2: in half of the time. */
export type ReplaySpeed = 'original' | 'max' | number;

/** What a client publishes again. The signal interrupts it. */
export interface ReplayOptions extends SignalOptions {
  /**
   * Where the messages go: to a subject; to their own below another one, `replay.>`; or with `>` to their own, where whoever is there
   * gets them once more.
   */
  readonly into: string;
  /** `all` unless given. */
  readonly from?: Exclude<ReadFrom, 'new'>;
  /** `end` unless given. */
  readonly to?: ReadTo;
  /** Subjects whose messages are published again; all that the stream has unless given. */
  readonly filter?: string;
  /** `max` unless given. */
  readonly speed?: ReplaySpeed;
  /** Told of how far it is, at most ten times a second and once at its end. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** Told of records that the stream has no more or that are damaged; unless given, the replay stops there. */
  readonly onLost?: (range: LostRange) => void;
  /** Told of messages that the broker does not take; unless given, the replay stops there. */
  readonly onRefused?: (error: ModwireError, record: StreamRecord) => void;
}

/** What has become of the records of a replay. */
export interface ReplayCounts {
  /** Messages that the broker has taken. */
  readonly published: number;
  /** Requests, replies and errors of calls: they are no messages. */
  readonly leftOut: number;
  /** Messages that the broker has not taken. */
  readonly refused: number;
  /** Offsets that the stream has no more or that are damaged. */
  readonly lost: readonly Pick<LostRange, 'first' | 'last'>[];
  /** Everything before this offset is done with: a replay from here goes on where this one ended. */
  readonly nextOffset: number;
}

export interface ReplayProgress extends ReplayCounts {
  /** The first and the last offset that it reads. */
  readonly firstOffset: number;
  readonly lastOffset: number;
}

/**
 * A replay that was stopped, with its error. From `counts.nextOffset` on it can be made again: some messages behind that may have
 * been published before.
 */
export class ReplayStopped extends ModwireError {
  readonly counts: ReplayCounts;

  /** @internal */
  constructor({ code, detail }: ModwireError, counts: ReplayCounts) {
    const outcome = `${counts.published} messages are published; go on from offset ${counts.nextOffset}`;
    const advice = detail.advice === undefined ? outcome : `${detail.advice}; ${outcome}`;
    super(code, { ...detail, advice });
    this.counts = counts;
  }
}

/** Everything that is known of a replay before it begins. */
export interface ReplayTerms {
  readonly stream: string;
  readonly from: Exclude<ReadFrom, 'new'>;
  readonly to: ReadTo;
  readonly filter: string | undefined;
  /** The subject that a message goes to, by its own. */
  readonly subjectOf: (subject: string) => string;
  /** As ReplayPace takes it. */
  readonly speed: number;
  readonly options: ReplayOptions;
}

/** Throws INVALID_ARGUMENT for what is not valid; what the broker is told as JSON it checks itself. */
export function replayTerms(stream: string, options: ReplayOptions): ReplayTerms {
  const { from = 'all', to = 'end', filter, into, speed = 'max' } = options;
  return { stream, from, to, filter, subjectOf: destination(into), speed: speedOf(speed), options };
}

function destination(into: string): ReplayTerms['subjectOf'] {
  if (into === '>') return (subject) => subject;
  if (!into.endsWith('.>')) {
    checkSubject(into);
    return () => into;
  }
  checkFilter(into);
  checkSubject(into.slice(0, -2));
  const prefix = into.slice(0, -1);
  return (subject) => prefix + subject;
}

function speedOf(speed: ReplaySpeed): number {
  if (speed === 'original') return 1;
  if (speed === 'max') return MAX_SPEED;
  if (typeof speed === 'number' && speed > 0) return speed;
  throw invalid('speed', 'original, max, or a number above 0', speed);
}
