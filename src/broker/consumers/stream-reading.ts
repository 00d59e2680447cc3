import type { ControlOf } from '../../codec/control-message.js';
import { Verdict } from '../../codec/generated/modwire/control/verdict.js';
import { ModwireError } from '../../errors.js';
import { DamagedRecords } from '../../streams/damaged-records.js';
import type { ReadBlock } from '../../streams/log-source.js';
import type { StreamLog } from '../../streams/stream-log.js';
import type { Session } from '../session.js';
import type { GatheredRecords, RecordRun } from './handouts.js';
import { goneRecords } from './lost-records.js';
import { readerRange } from './reader-options.js';
import { RecordFilter } from './record-filter.js';
import {
  losesRecords,
  type Taker,
  type TakerRequest,
  type TakingParts,
  tellFinished,
  tellLost,
} from './taker.js';
import type { Pump } from './turns.js';
import { UnsettledRuns } from './unsettled-runs.js';

/** Blocks read for one reader before others have their turn. */
const BLOCKS_A_TURN = 8;

/**
 * Reads a stream for one client: from a place to another or on and on, in order, as much at a time as its window holds. Where it
 * takes all there is, what a block has of it goes out in one piece, and nothing is done for each record but holding its check
 * against its bytes.
 */
export class StreamReading implements Taker, Pump {
  readonly session: Session;
  readonly number: number;
  readonly about: string;
  readonly dueMs = Number.POSITIVE_INFINITY;
  handout: GatheredRecords | undefined;
  readonly #log: StreamLog<unknown>;
  readonly #parts: TakingParts;
  readonly #done: (taker: Taker) => void;
  readonly #filter: RecordFilter | undefined;
  readonly #capacity: number;
  readonly #windowBytes: number;
  readonly #unsettled = new UnsettledRuns();
  /** Offset to go on at, and the last one. */
  #next: number;
  readonly #to: number;
  #isOver = false;

  /** Throws INVALID_ARGUMENT for options that are not valid. */
  constructor(log: StreamLog<unknown>, { session, message, done }: TakerRequest, parts: TakingParts) {
    const { from, to, filter } = readerRange(message.options, log);
    this.session = session;
    this.number = message.consumer;
    this.about = JSON.stringify({ from, ...(Number.isFinite(to) && { to }) });
    this.#log = log;
    this.#parts = parts;
    this.#done = done;
    this.#filter = RecordFilter.of(filter, log.config.filters);
    this.#capacity = message.capacity;
    this.#windowBytes = message.windowBytes;
    this.#next = from;
    this.#to = to;
    parts.turns.enlist(log.config.name, this);
  }

  /** All up to the highest of these offsets have been taken. */
  settle({ verdict, offsets }: ControlOf<'settle'>): void {
    if (verdict !== Verdict.ack) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'a reader settles records only by taking them',
        ...{ expected: `verdict ${Verdict.ack} (ack)`, got: String(verdict) },
        advice: 'join a durable consumer to have records delivered again',
      });
    }
    let last = 0;
    for (const range of offsets) last = Math.max(last, range.last);
    this.#unsettled.settle(last);
    this.goOn();
  }

  leave(): void {
    this.#finish();
  }

  gone(): void {
    this.#finish();
  }

  goOn(): void {
    if (!this.#isOver) this.#parts.turns.wake(this);
  }

  fail(error: ModwireError): void {
    this.end(error);
  }

  end(error: ModwireError): void {
    if (this.#isOver) return;
    tellFinished(this, error);
    this.#finish();
  }

  advance(): boolean {
    const { handouts } = this.#parts;
    let blocks = 0;
    while (blocks < BLOCKS_A_TURN && this.#mayGoOn() && this.#step()) blocks++;
    handouts.flush(this);
    if (this.#next > this.#to && !this.#isOver) {
      tellFinished(this);
      this.#finish();
    }
    return blocks === BLOCKS_A_TURN && !this.#isOver;
  }

  #mayGoOn(): boolean {
    const { records, bytes } = this.#unsettled;
    if (this.#isOver || this.#next > this.#to) return false;
    if (records >= this.#capacity || bytes >= this.#windowBytes) return false;
    return this.#parts.hasRoom(this.session);
  }

  /** Goes over what one block has at the present place. False when there is nothing, or no room for it. */
  #step(): boolean {
    const log = this.#log;
    const { firstOffset, config } = log;
    if (this.#next < firstOffset) {
      const last = Math.min(firstOffset - 1, this.#to);
      if (losesRecords(log)) this.#lose(last, goneRecords(config.name, this.#next, last));
      this.#next = last + 1;
      return true;
    }
    let block: ReadBlock | undefined;
    try {
      block = log.read(this.#next);
    } catch (thrown) {
      if (!(thrown instanceof DamagedRecords)) throw thrown;
      const last = Math.min(thrown.extent.last, this.#to);
      this.#lose(last, thrown, Math.max(this.#next, thrown.extent.first));
      this.#next = last + 1;
      return true;
    }
    if (block !== undefined) return this.#send(block);
    // What it ends with may be gone.
    if (log.lastOffset >= this.#to) this.#next = this.#to + 1;
    return false;
  }

  /** Sends what a block has for this reader. False when there was no room for all of it. */
  #send(block: ReadBlock): boolean {
    const run = this.#filter === undefined ? block : selected(block, this.#filter);
    const { offsets, starts, ends } = run;
    const { records, bytes } = this.#unsettled;
    const capacity = Math.min(offsets.length, this.#capacity - records);
    let until = 0;
    let byteLength = 0;
    // The last one may go beyond the window: a client that waits for it to be used up would wait for ever.
    for (
      ;
      until < capacity && bytes + byteLength < this.#windowBytes && offsets[until]! <= this.#to;
      until++
    ) {
      byteLength += ends[until]! - starts[until]!;
    }
    this.#parts.handouts.addRun(this, run, 0, until);
    this.#unsettled.add(run, 0, until);
    this.#next = until < offsets.length ? offsets[until]! : block.nextOffset;
    return until === offsets.length;
  }

  #lose(last: number, error: ModwireError, first = this.#next): void {
    this.#parts.handouts.flush(this);
    tellLost(this, first, last, error);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#parts.turns.dismiss(this.#log.config.name, this);
    this.#done(this);
  }
}

/** The records of a block that a filter selects. */
function selected({ memory, offsets, starts, ends }: ReadBlock, filter: RecordFilter): RecordRun {
  const run = { memory, offsets: [] as number[], starts: [] as number[], ends: [] as number[] };
  offsets.forEach((offset, index) => {
    if (!filter.selects(memory, starts[index]!, ends[index]!)) return;
    run.offsets.push(offset);
    run.starts.push(starts[index]!);
    run.ends.push(ends[index]!);
  });
  return run;
}
