import { FrameView } from '../../codec/frame-view.js';
import { ModwireError } from '../../errors.js';
import type { ConsumerConfig } from '../../routing/consumers/consumer-config.js';
import { type ConsumerCursor, cursorAt } from '../../routing/consumers/consumer-cursor.js';
import type { DescribedConsumer } from '../../routing/consumers/consumer-decisions.js';
import type { ConsumerMember } from '../../routing/consumers/consumer-members.js';
import { ConsumerState } from '../../routing/consumers/consumer-state.js';
import type { DeadLetter } from '../../routing/consumers/dead-letter.js';
import { DamagedRecords } from '../../streams/damaged-records.js';
import type { StreamLog } from '../../streams/stream-log.js';
import { keepConfig } from './consumer-notes.js';
import { CursorKeeping } from './cursor-keeping.js';
import { type DeadLetters, emitDeadLetter } from './dead-letters.js';
import { RecordCursor } from './record-cursor.js';
import { RecordDelivery } from './record-delivery.js';
import { type MemberHost, StreamMember } from './stream-member.js';
import { type Taker, type TakerRequest, type TakingParts, tellFinished, tellLost } from './taker.js';
import type { Pump } from './turns.js';

export interface DurableConsumerParts extends TakingParts {
  readonly deadLetters: DeadLetters;
  /** Gives numbers from 0 to 1, without 1. */
  readonly random: () => number;
}

/** A durable consumer at work: what its state decides is read, sent, published and kept here. */
export class DurableConsumer implements Pump {
  readonly #log: StreamLog<unknown>;
  readonly #parts: DurableConsumerParts;
  readonly #state: ConsumerState;
  readonly #damage: ModwireError | undefined;
  readonly #takers = new Map<ConsumerMember, StreamMember>();
  readonly #host: MemberHost;
  readonly #cursor: RecordCursor;
  readonly #delivery: RecordDelivery;
  readonly #keeping: CursorKeeping;
  readonly #frame = new FrameView();
  #isOver = false;

  /** Goes on from a cursor that is kept; one that is damaged is never guessed at. */
  constructor(
    config: ConsumerConfig,
    cursor: ConsumerCursor | ModwireError,
    log: StreamLog<unknown>,
    parts: DurableConsumerParts,
  ) {
    const { hasRoom, nowMs, handouts, turns } = parts;
    this.#log = log;
    this.#parts = parts;
    this.#damage = cursor instanceof ModwireError ? cursor : undefined;
    this.#state = new ConsumerState(
      config,
      cursor instanceof ModwireError ? cursorAt(0) : cursor,
      parts.random,
    );
    const state = this.#state;
    this.#host = {
      ...{ state, hasRoom, nowMs },
      wake: () => this.#wake(),
      left: ({ member }) => this.#takers.delete(member),
    };
    this.#cursor = new RecordCursor(log);
    this.#delivery = new RecordDelivery({
      ...{ log, state, cursor: this.#cursor, handouts },
      takerOf: (member) => this.#takers.get(member)!,
      lost: (first, last, error) => this.#tellLost(first, last, error),
    });
    this.#keeping = new CursorKeeping(log, state);
    if (this.#damage === undefined) turns.enlist(log.config.name, this);
  }

  get config(): ConsumerConfig {
    return this.#state.config;
  }

  get description(): DescribedConsumer {
    const { config, info } = this.#state;
    return { config, info, ...(this.#damage !== undefined && { failing: this.#damage.message }) };
  }

  get dueMs(): number {
    return this.#isOver ? Number.POSITIVE_INFINITY : Math.min(this.#state.nextDueMs, this.#keeping.dueMs);
  }

  /** Takes in a member. Throws DATA_LOSS when the cursor is damaged. */
  join(request: TakerRequest): Taker {
    this.checkWhole();
    const taker = new StreamMember(request, this.#host);
    this.#takers.set(taker.member, taker);
    this.#wake();
    return taker;
  }

  /** Throws DATA_LOSS when the cursor is damaged. */
  checkWhole(): void {
    if (this.#damage !== undefined) throw this.#damage;
  }

  /** Takes over another configuration. Throws FAILED_PRECONDITION for one of another consumer. */
  reconfigure(config: ConsumerConfig): void {
    this.#state.reconfigure(config);
    keepConfig(this.#log, config);
    this.#wake();
  }

  /** Delivers nothing before a time; 0 takes that back. Unix time in milliseconds. */
  pauseUntil(untilMs: number): void {
    this.#state.pauseUntil(untilMs);
    this.keep();
    this.#wake();
  }

  /** Has the cursor written with the stream's next write, if it has changed. */
  keep(): void {
    if (this.#damage === undefined && !this.#isOver) this.#keeping.keep();
  }

  advance(nowMs: number): boolean {
    if (this.#isOver) return false;
    this.#cursor.reset();
    this.#publishDeadLetters(nowMs);
    const takers = [...this.#takers.values()];
    for (const taker of takers) taker.look();
    const more = this.#delivery.run(nowMs);
    for (const taker of takers) {
      this.#parts.handouts.flush(taker);
      taker.retire();
    }
    this.#keeping.keepIfDue(nowMs);
    return more;
  }

  fail(error: ModwireError): void {
    for (const taker of [...this.#takers.values()]) {
      taker.handout = undefined;
      tellFinished(taker, error);
      taker.end();
    }
  }

  end(error: ModwireError): void {
    if (this.#isOver) return;
    this.fail(error);
    this.#isOver = true;
    this.#parts.turns.dismiss(this.#log.config.name, this);
  }

  #wake(): void {
    if (!this.#isOver) this.#parts.turns.wake(this);
  }

  #tellLost(first: number, last: number, error: ModwireError): void {
    for (const taker of this.#takers.values()) {
      if (taker.isLeaving) continue;
      this.#parts.handouts.flush(taker);
      tellLost(taker, first, last, error);
      return;
    }
  }

  #publishDeadLetters(nowMs: number): void {
    for (const letter of this.#state.deadLetters(nowMs)) {
      if (this.config.deadLetter === '') this.#settled(letter);
      else if (this.#finds(letter.offset)) void this.#publish(letter);
      else this.#state.gone(letter.offset, letter.offset);
    }
  }

  /** Points the view at a record. False when the stream does not have it any more, or damaged. */
  #finds(offset: number): boolean {
    try {
      return this.#cursor.seek(offset) && this.#cursor.offset === offset && this.#cursor.view(this.#frame);
    } catch (thrown) {
      if (thrown instanceof DamagedRecords) return false;
      throw thrown;
    }
  }

  async #publish(letter: DeadLetter): Promise<void> {
    try {
      await this.#parts.deadLetters.publish(this.config, letter, this.#frame);
      if (!this.#isOver) this.#settled(letter);
    } catch {
      // What refuses it may pass; until then the consumer's info tells of a record given up.
      this.#state.deadLetterFailed(letter.offset, this.#parts.nowMs());
    }
    this.#wake();
  }

  #settled(letter: DeadLetter): void {
    this.#state.deadLettered(letter.offset);
    emitDeadLetter(this.config, letter);
  }
}
