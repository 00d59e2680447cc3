import { HeapNode, IndexedHeap } from '../calls/indexed-heap.js';
import type { ConsumerConfig } from './consumer-config.js';
import type { UnsettledPlace } from './consumer-cursor.js';
import { type GivenUp, type Holder, UnsettledRecord } from './unsettled-record.js';

/** What the records need of a consumer's configuration. */
export type RedeliveryTerms = Pick<ConsumerConfig, 'ackWaitMs' | 'maxDeliver' | 'backoffMs'>;

/**
 * The records that a consumer has got and not settled, and what becomes of attempts that fail. Each is in at most one of three
 * queues; coming, moving and leaving are O(log n).
 */
export class UnsettledRecords {
  /** In the order of their offsets: new ones have always the highest. */
  readonly #records = new Map<number, UnsettledRecord>();
  /** Of members, by when their ack wait ends. */
  readonly held = new IndexedHeap<UnsettledRecord>();
  /** By when they may be delivered again, then by their offsets. */
  readonly waiting = new IndexedHeap<UnsettledRecord>();
  /** Given up, by when their dead letters are to be published. */
  readonly givenUp = new IndexedHeap<UnsettledRecord>();
  #terms: RedeliveryTerms;

  constructor(terms: RedeliveryTerms) {
    this.#terms = terms;
  }

  get size(): number {
    return this.#records.size;
  }

  get(offset: number): UnsettledRecord | undefined {
    return this.#records.get(offset);
  }

  /** The lowest offset; undefined when there is none. */
  get lowest(): number | undefined {
    const [first] = this.#records.keys();
    return first;
  }

  /** What is to be kept of them, in ascending order of their offsets. */
  get places(): UnsettledPlace[] {
    return Array.from(this.#records.values(), ({ offset, attempts, givenUp }) => ({
      offset,
      attempts,
      givenUp,
    }));
  }

  /** Takes over other terms: what waits for an attempt that there is none left for is given up. */
  set terms(terms: RedeliveryTerms) {
    this.#terms = terms;
    for (const { item } of [...this.waiting.nodes]) {
      if (this.#isExhausted(item)) this.#exhaust(item);
    }
  }

  /** Takes in a record whose offset is higher than all others. */
  add(offset: number, attempts: number): UnsettledRecord {
    const record = new UnsettledRecord(offset, attempts);
    this.#records.set(offset, record);
    return record;
  }

  /** Begins an attempt. */
  hand(record: UnsettledRecord, holder: Holder, byteLength: number, nowMs: number): void {
    record.hand(holder, byteLength, nowMs);
    this.renew(record, nowMs);
  }

  /** Begins the ack wait of a record that somebody has. */
  renew(record: UnsettledRecord, nowMs: number): void {
    this.#move(record, this.held, nowMs + this.#terms.ackWaitMs);
  }

  /** Ends an attempt that failed; the next one comes after `delayMs`, or else as the terms say. */
  fail(record: UnsettledRecord, reason: string, nowMs: number, delayMs = this.#backoffMs(record)): void {
    record.fail(reason);
    this.retry(record, nowMs + delayMs);
  }

  /** Has a record that nobody has delivered again, if there is an attempt left. */
  retry(record: UnsettledRecord, dueMs: number): void {
    if (this.#isExhausted(record)) this.#exhaust(record);
    else this.#move(record, this.waiting, dueMs);
  }

  /** A dead letter is to be published, not before `dueMs`. */
  giveUp(record: UnsettledRecord, givenUp: GivenUp, dueMs = 0): void {
    record.fail(givenUp.reason);
    record.givenUp = givenUp;
    this.#move(record, this.givenUp, dueMs);
  }

  /** Ends the attempts whose ack wait has ended. */
  expire(nowMs: number): boolean {
    let any = false;
    for (let { first } = this.held; first !== undefined && first.key <= nowMs; { first } = this.held) {
      this.fail(first.item, 'no acknowledgement in time', nowMs);
      any = true;
    }
    return any;
  }

  /** Those whose dead letters are to be published now; they are in no queue from here on. */
  takeGivenUp(nowMs: number): UnsettledRecord[] {
    const taken: UnsettledRecord[] = [];
    for (let { first } = this.givenUp; first !== undefined && first.key <= nowMs; { first } = this.givenUp) {
      this.#unqueue(first.item);
      taken.push(first.item);
    }
    return taken;
  }

  delete(record: UnsettledRecord): void {
    this.#unqueue(record);
    record.release();
    this.#records.delete(record.offset);
  }

  /** Takes out those in a range, both ends included, that nobody has, and says how many. */
  deleteFree(from: number, to: number): number {
    const { size } = this.#records;
    for (const record of this.#records.values()) {
      if (record.offset > to) break;
      if (record.offset >= from && record.holder === undefined) this.delete(record);
    }
    return size - this.#records.size;
  }

  #backoffMs({ attempts }: UnsettledRecord): number {
    const { backoffMs } = this.#terms;
    return backoffMs[Math.min(attempts, backoffMs.length) - 1] ?? 0;
  }

  #isExhausted({ attempts }: UnsettledRecord): boolean {
    const { maxDeliver } = this.#terms;
    return maxDeliver > 0 && attempts >= maxDeliver;
  }

  #exhaust(record: UnsettledRecord): void {
    // Nobody who could say why is left after a restart.
    const reason = record.failures.at(-1)?.reason ?? 'the broker ended before an acknowledgement';
    this.giveUp(record, { cause: 'attempts', reason });
  }

  #unqueue(record: UnsettledRecord): void {
    if (record.queue === undefined || record.node === undefined) return;
    record.queue.delete(record.node);
    record.queue = undefined;
    record.node = undefined;
  }

  #move(record: UnsettledRecord, queue: IndexedHeap<UnsettledRecord>, atMs: number): void {
    this.#unqueue(record);
    record.queue = queue;
    record.node = new HeapNode(record, atMs, record.offset);
    queue.add(record.node);
  }
}
