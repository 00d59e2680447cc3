import { FrameView } from '../../codec/frame-view.js';
import type { ModwireError } from '../../errors.js';
import type { Wanted } from '../../routing/consumers/consumer-decisions.js';
import type { ConsumerMember } from '../../routing/consumers/consumer-members.js';
import type { ConsumerState } from '../../routing/consumers/consumer-state.js';
import { DamagedRecords } from '../../streams/damaged-records.js';
import type { StreamLog } from '../../streams/stream-log.js';
import type { Handouts } from './handouts.js';
import { damagedRecord, goneRecords } from './lost-records.js';
import type { RecordCursor } from './record-cursor.js';
import { RecordFilter } from './record-filter.js';
import type { StreamMember } from './stream-member.js';
import { losesRecords } from './taker.js';

/** Records that one consumer looks at before others have their turn. */
const RECORDS_A_TURN = 1_024;

export interface RecordDeliveryParts {
  readonly log: StreamLog<unknown>;
  readonly state: ConsumerState;
  readonly cursor: RecordCursor;
  readonly handouts: Handouts;
  readonly takerOf: (member: ConsumerMember) => StreamMember;
  /** Tells of records that no member gets. */
  readonly lost: (first: number, last: number, error: ModwireError) => void;
}

/** Finds in the stream what a durable consumer is to deliver, and hands it to the members that it chooses. */
export class RecordDelivery {
  readonly #parts: RecordDeliveryParts;
  readonly #filter: RecordFilter | undefined;
  readonly #frame = new FrameView();

  constructor(parts: RecordDeliveryParts) {
    const { log, state } = parts;
    this.#parts = parts;
    this.#filter = RecordFilter.of(state.config.filter, log.config.filters);
  }

  /** Does a turn's share. True when there may be more to deliver at once. */
  run(nowMs: number): boolean {
    for (let left = RECORDS_A_TURN; left > 0; ) {
      const wanted = this.#parts.state.wanted(nowMs);
      if (wanted === undefined) return false;
      const looked =
        wanted.kind === 'again' ? this.#again(wanted.offset, nowMs) : this.#next(wanted, nowMs, left);
      if (looked === 0) return false;
      left -= looked;
    }
    return true;
  }

  /** Returns how many records it has looked at. */
  #again(offset: number, nowMs: number): number {
    const { cursor, log } = this.#parts;
    try {
      if (!cursor.seek(offset) || cursor.offset !== offset) this.#gone(offset, offset);
      else if (!cursor.isWhole) this.#lose(offset, offset, damagedRecord(log.config.name, offset));
      else this.#hand(offset, nowMs);
    } catch (thrown) {
      if (!(thrown instanceof DamagedRecords)) throw thrown;
      this.#lose(offset, offset, thrown);
    }
    return 1;
  }

  /** New records of one block, up to `left` of them. Returns how many it has looked at; 0 at the end of the stream. */
  #next({ offset: from, onlyLastUntil }: Wanted, nowMs: number, left: number): number {
    const { cursor, log, state } = this.#parts;
    const { firstOffset } = log;
    if (from < firstOffset && losesRecords(log)) this.#gone(from, firstOffset - 1);
    else state.passed(firstOffset - 1);
    try {
      if (!cursor.seek(Math.max(from, firstOffset))) return 0;
    } catch (thrown) {
      if (!(thrown instanceof DamagedRecords)) throw thrown;
      const { first, last } = thrown.extent;
      if (first > from) state.passed(first - 1);
      this.#lose(Math.max(first, from), last, thrown);
      return 1;
    }
    let looked = 0;
    do {
      const { offset } = cursor;
      looked++;
      if (!cursor.isWhole) {
        state.passed(offset - 1);
        this.#lose(offset, offset, damagedRecord(log.config.name, offset));
      } else if (!this.#isFor(offset, onlyLastUntil)) state.passed(offset);
      else if (!this.#hand(offset, nowMs)) return looked;
    } while (looked < left && cursor.next());
    return looked;
  }

  /** Whether the record at the cursor is to be delivered: selected, and not superseded where only the last ones are. */
  #isFor(offset: number, onlyLastUntil: number): boolean {
    const { cursor, log } = this.#parts;
    if (this.#filter?.selects(cursor.memory, cursor.start, cursor.end) === false) return false;
    if (offset > onlyLastUntil || !cursor.view(this.#frame)) return true;
    let last = offset;
    log.subjects(this.#frame.subject, (_subject, state) => {
      last = state.offset;
      return true;
    });
    return last === offset;
  }

  /** Hands the record at the cursor to a member. False when none takes it now. */
  #hand(offset: number, nowMs: number): boolean {
    const { cursor, state, handouts, takerOf } = this.#parts;
    const { start, end } = cursor;
    const delivery = state.deliver(offset, nowMs, end - start);
    if (delivery === undefined) return false;
    const taker = takerOf(delivery.member);
    if (handouts.add(taker, offset, delivery.attempt, cursor.memory.u8, start, end)) taker.look();
    return true;
  }

  /** The stream does not have these any more. Of those that gave way to later ones of their subjects nobody is told. */
  #gone(first: number, last: number): void {
    const { log, state, lost } = this.#parts;
    state.gone(first, last);
    if (losesRecords(log)) lost(first, last, goneRecords(log.config.name, first, last));
  }

  #lose(first: number, last: number, error: ModwireError): void {
    const { state, lost } = this.#parts;
    state.gone(first, last);
    lost(first, last, error);
  }
}
