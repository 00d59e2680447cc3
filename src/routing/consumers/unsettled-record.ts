import type { HeapNode, IndexedHeap } from '../calls/indexed-heap.js';
import { CONSUMER_LIMITS } from './consumer-limits.js';

/** An attempt that came to nothing. */
export interface FailedAttempt {
  /** When the member got the record. Milliseconds, on the caller's clock. */
  readonly atMs: number;
  /** Name of the member. */
  readonly member: string;
  /** What the member said, or what happened. */
  readonly reason: string;
}

/** Why a record is given up: too many attempts, or a member says that there is no use in any. */
export type GivenUpCause = 'attempts' | 'terminated';

export interface GivenUp {
  readonly cause: GivenUpCause;
  readonly reason: string;
}

/** Who may have a record. */
export interface Holder {
  readonly name: string;
  readonly held: Set<UnsettledRecord>;
  /** Of all that it has. */
  heldBytes: number;
}

const NO_FAILURES: readonly FailedAttempt[] = [];

/** A record that was delivered, and is neither settled nor lost. UnsettledRecords alone writes it. */
export class UnsettledRecord {
  readonly offset: number;
  /** How often it was delivered. */
  attempts: number;
  /** Undefined while nobody has it. */
  holder: Holder | undefined;
  /** When the holder got it. Milliseconds. */
  handedMs = 0;
  /** As the holder counts it. */
  byteLength = 0;
  /** The last ones, oldest first; those before a restart are not known. */
  failures = NO_FAILURES;
  /** Undefined unless it only waits for its dead letter to be published. */
  givenUp: GivenUp | undefined;
  /** What it waits for; undefined while its dead letter is being published. */
  queue: IndexedHeap<UnsettledRecord> | undefined;
  /** Its place there. */
  node: HeapNode<UnsettledRecord> | undefined;

  constructor(offset: number, attempts: number) {
    this.offset = offset;
    this.attempts = attempts;
  }

  /** Somebody gets it. */
  hand(holder: Holder, byteLength: number, nowMs: number): void {
    this.attempts++;
    this.holder = holder;
    this.handedMs = nowMs;
    this.byteLength = byteLength;
    holder.held.add(this);
    holder.heldBytes += byteLength;
  }

  /** Takes it from whoever has it, which is an attempt that failed for this reason. */
  fail(reason: string): void {
    const { holder } = this;
    if (holder === undefined) return;
    const failure = { atMs: this.handedMs, member: holder.name, reason };
    this.failures = [...this.failures, failure].slice(-CONSUMER_LIMITS.maxToldAttempts);
    this.release();
  }

  /** Takes it from whoever has it. */
  release(): void {
    const { holder } = this;
    if (holder === undefined) return;
    holder.held.delete(this);
    holder.heldBytes -= this.byteLength;
    this.holder = undefined;
  }
}
