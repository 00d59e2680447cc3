import type { ConsumerConfig } from './consumer-config.js';
import { type ConsumerCounts, type ConsumerCursor, encodeCursor } from './consumer-cursor.js';
import type { ConsumerInfo, Refusal, Wanted } from './consumer-decisions.js';
import { CONSUMER_LIMITS, DEAD_LETTER_RETRY_MS } from './consumer-limits.js';
import { ConsumerMember, ConsumerMembers } from './consumer-members.js';
import type { DeadLetter } from './dead-letter.js';
import { checkReplaceable } from './read-consumer-config.js';
import type { UnsettledRecord } from './unsettled-record.js';
import { UnsettledRecords } from './unsettled-records.js';

/** What a member is handed. */
export interface Delivery {
  readonly member: ConsumerMember;
  readonly offset: number;
  /** 1 the first time that the record is delivered. */
  readonly attempt: number;
}

/**
 * What a durable consumer delivers next, and to whom, and what has become of it. It only decides: the broker reads records, sends
 * them, publishes dead letters and keeps the cursor. Times are milliseconds on a clock of the caller's; Unix time, if pauses and dead
 * letters are to mean something after a restart.
 *
 * While `wanted` says something, the broker looks for it in the stream and says what it has found: `deliver` a record, `passed` what
 * the filter does not select, `gone` what is not there any more. Then, and once `nextDueMs` has come, it publishes what `deadLetters`
 * says.
 *
 * The cursor is the first offset not seen and the records below it that are not settled. Of those there are never more than
 * `maxAckPending`, so that it is small however long one of them takes while others go on.
 */
export class ConsumerState {
  readonly #records: UnsettledRecords;
  readonly #members: ConsumerMembers;
  readonly #counts: { -readonly [Name in keyof ConsumerCounts]: number };
  readonly #onlyLastUntil: number;
  #config: ConsumerConfig;
  #position: number;
  #pausedUntilMs: number;
  #ignored = 0;
  #revision = 0;

  /**
   * Goes on from a cursor: `cursorAt` for a new consumer, `decodeCursor` for one that was kept. What was not settled is delivered
   * again at once, or given up when there is no attempt left. `random` gives numbers from 0 to 1, without 1.
   */
  constructor(config: ConsumerConfig, cursor: ConsumerCursor, random: () => number) {
    this.#config = config;
    this.#position = cursor.position;
    this.#onlyLastUntil = cursor.onlyLastUntil;
    this.#pausedUntilMs = cursor.pausedUntilMs;
    this.#counts = { ...cursor.counts };
    this.#members = new ConsumerMembers(random);
    this.#records = new UnsettledRecords(config);
    for (const { offset, attempts, givenUp } of cursor.unsettled) {
      const record = this.#records.add(offset, attempts);
      if (givenUp === undefined) this.#records.retry(record, 0);
      else this.#records.giveUp(record, givenUp);
    }
  }

  get config(): ConsumerConfig {
    return this.#config;
  }

  /** Rises with every change of what `snapshot` gives, and sometimes without one. */
  get revision(): number {
    return this.#revision;
  }

  /** When `wanted` or `deadLetters` may say something that they do not say now; Infinity for never by itself. Milliseconds. */
  get nextDueMs(): number {
    const { held, givenUp, waiting } = this.#records;
    const delivers = !this.#config.paused && this.#members.anyHasRoom;
    const deliveryMs = this.#pausedUntilMs > 0 ? this.#pausedUntilMs : waiting.first?.key;
    return Math.min(
      held.first?.key ?? Number.POSITIVE_INFINITY,
      givenUp.first?.key ?? Number.POSITIVE_INFINITY,
      (delivers ? deliveryMs : undefined) ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Takes in a member that takes `concurrency` records at once, at least 1, and no more once they have `windowBytes`. */
  join(name: string, concurrency: number, windowBytes = Number.POSITIVE_INFINITY): ConsumerMember {
    const member = new ConsumerMember(name, concurrency, windowBytes);
    this.#members.add(member);
    return member;
  }

  /** What the member has is delivered again at once; the attempt counts. */
  leave(member: ConsumerMember, nowMs: number): void {
    if (!this.#members.remove(member)) return;
    for (const record of [...member.held]) this.#records.fail(record, 'the member left', nowMs, 0);
    this.#revision++;
  }

  /**
   * Takes over another configuration. What has been delivered keeps its ack wait, what waits its delay. Throws
   * FAILED_PRECONDITION when name, stream, filter or start are others.
   */
  reconfigure(config: ConsumerConfig): void {
    checkReplaceable(this.#config, config);
    this.#config = config;
    this.#records.terms = config;
    this.#revision++;
  }

  /** Nothing is delivered before this time; 0 takes that back. Beside it, `paused` of the configuration counts. */
  pauseUntil(untilMs: number): void {
    this.#pausedUntilMs = untilMs;
    this.#revision++;
  }

  /**
   * What to read next: records that are to be delivered again come first. Undefined while nothing is to be done: it is paused, no
   * member has room, or `maxAckPending` records are under way.
   */
  wanted(nowMs: number): Wanted | undefined {
    this.#passTime(nowMs);
    if (this.#isPaused || !this.#members.anyHasRoom) return undefined;
    const { waiting, size } = this.#records;
    const onlyLastUntil = this.#onlyLastUntil;
    if (waiting.first !== undefined && waiting.first.key <= nowMs) {
      return { kind: 'again', offset: waiting.first.item.offset, onlyLastUntil };
    }
    if (size >= this.#config.maxAckPending) return undefined;
    return { kind: 'next', offset: this.#position, onlyLastUntil };
  }

  /**
   * Hands over a record that was found: to the member with the fewest for its concurrency, in turn among equals. Undefined when it
   * is not to be delivered now, for one of the reasons of `wanted` or because it is not waiting. `byteLength` counts towards the
   * member's window.
   */
  deliver(offset: number, nowMs: number, byteLength = 0): Delivery | undefined {
    const known = this.#records.get(offset);
    const isFree =
      known === undefined
        ? offset >= this.#position && this.#records.size < this.#config.maxAckPending
        : known.queue === this.#records.waiting;
    if (!isFree || this.#isPaused) return undefined;
    const member = this.#members.choose();
    if (member === undefined) return undefined;
    const record = known ?? this.#records.add(offset, 0);
    this.#records.hand(record, member, byteLength, nowMs);
    this.#position = Math.max(this.#position, offset + 1);
    this.#counts.delivered++;
    if (record.attempts > 1) this.#counts.redelivered++;
    this.#revision++;
    return { member, offset, attempt: record.attempts };
  }

  /** Up to here there is nothing new that the filter selects. */
  passed(to: number): void {
    if (to < this.#position) return;
    this.#position = to + 1;
    this.#revision++;
  }

  /**
   * The stream does not have these offsets any more: those that are not seen yet, if `from` is not beyond them, and those that nobody
   * has are lost. What a member has can still be settled.
   */
  gone(from: number, to: number): void {
    let lost = this.#records.deleteFree(from, to);
    if (from <= this.#position && to >= this.#position) {
      lost += to - this.#position + 1;
      this.#position = to + 1;
    }
    this.#counts.lost += lost;
    this.#revision++;
  }

  /** The record is done, whoever says so. False when it was not to be settled, which is counted. */
  ack(offset: number): boolean {
    const record = this.#settleable(offset);
    if (record === undefined) return false;
    this.#records.delete(record);
    this.#counts.acked++;
    return true;
  }

  /** There is no use in any attempt, whoever says so: the record becomes a dead letter. False as with `ack`. */
  term(offset: number, reason: string): boolean {
    const record = this.#settleable(offset);
    if (record === undefined) return false;
    this.#records.giveUp(record, { cause: 'terminated', reason: shortened(reason) });
    return true;
  }

  /** The member could not handle the record that it has: it is delivered again. False when it does not have it, which is counted. */
  nak(member: ConsumerMember, offset: number, nowMs: number, { delayMs, reason }: Refusal = {}): boolean {
    const record = this.#heldBy(member, offset);
    if (record === undefined) return false;
    this.#records.fail(record, shortened(reason ?? 'refused'), nowMs, delayMs);
    this.#revision++;
    return true;
  }

  /** The member is at it still: its ack wait begins anew. False as with `nak`. */
  working(member: ConsumerMember, offset: number, nowMs: number): boolean {
    const record = this.#heldBy(member, offset);
    if (record === undefined) return false;
    this.#records.renew(record, nowMs);
    return true;
  }

  /**
   * Dead letters that are to be published now, each of them once: then comes `deadLettered`, `deadLetterFailed`, or `gone` when the
   * stream does not have the record any more. Without a subject for them there is nothing to publish, and all else is the same.
   */
  deadLetters(nowMs: number): DeadLetter[] {
    this.#passTime(nowMs);
    return this.#records.takeGivenUp(nowMs).map(({ offset, attempts, givenUp, failures }) => ({
      ...{ offset, attempts, history: failures },
      ...givenUp!,
    }));
  }

  /** The dead letter is published: the record is settled. */
  deadLettered(offset: number): void {
    const record = this.#records.get(offset);
    if (record?.givenUp === undefined) return;
    this.#counts[record.givenUp.cause === 'attempts' ? 'deadLettered' : 'terminated']++;
    this.#records.delete(record);
    this.#revision++;
  }

  /** The dead letter could not be published: it comes again in a second. */
  deadLetterFailed(offset: number, nowMs: number): void {
    const record = this.#records.get(offset);
    if (record?.givenUp === undefined) return;
    this.#records.giveUp(record, record.givenUp, nowMs + DEAD_LETTER_RETRY_MS);
  }

  /** What is to be kept, as bytes. Takes as long as there are records under way. */
  snapshot(): Uint8Array {
    return encodeCursor({
      position: this.#position,
      onlyLastUntil: this.#onlyLastUntil,
      pausedUntilMs: this.#pausedUntilMs,
      counts: { ...this.#counts },
      unsettled: this.#records.places,
    });
  }

  get info(): ConsumerInfo {
    const { held, waiting, size } = this.#records;
    return {
      ...this.#counts,
      position: this.#position,
      ackFloor: (this.#records.lowest ?? this.#position) - 1,
      ...{ pending: held.size, waiting: waiting.size, givenUp: size - held.size - waiting.size },
      ignored: this.#ignored,
      pausedUntilMs: this.#pausedUntilMs,
      members: this.#members.infos,
    };
  }

  get #isPaused(): boolean {
    return this.#config.paused || this.#pausedUntilMs > 0;
  }

  #passTime(nowMs: number): void {
    if (this.#pausedUntilMs > 0 && this.#pausedUntilMs <= nowMs) this.pauseUntil(0);
    if (this.#records.expire(nowMs)) this.#revision++;
  }

  #settleable(offset: number): UnsettledRecord | undefined {
    const record = this.#records.get(offset);
    if (record !== undefined && record.givenUp === undefined) {
      this.#revision++;
      return record;
    }
    this.#ignored++;
    return undefined;
  }

  #heldBy(member: ConsumerMember, offset: number): UnsettledRecord | undefined {
    const record = this.#records.get(offset);
    if (record?.holder === member) return record;
    this.#ignored++;
    return undefined;
  }
}

function shortened(reason: string): string {
  return reason.slice(0, CONSUMER_LIMITS.maxReasonCharacters);
}
