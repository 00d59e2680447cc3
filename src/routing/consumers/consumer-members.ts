import { LeastOutstanding } from '../calls/least-outstanding.js';
import { type Candidate, hasRoom } from '../calls/worker-policy.js';
import type { MemberInfo } from './consumer-decisions.js';
import type { Holder, UnsettledRecord } from './unsettled-record.js';

/** One of those who share what a consumer gets. */
export class ConsumerMember implements Candidate, Holder {
  /** For people: dead letters name it. */
  readonly name: string;
  /** Records that it takes at once, at least 1. */
  readonly concurrency: number;
  /** Bytes of records at which it gets no more. */
  readonly windowBytes: number;
  /** What it has, in the order in which it got it. @internal */
  readonly held = new Set<UnsettledRecord>();
  /** @internal */ heldBytes = 0;
  #isReady = true;

  constructor(name: string, concurrency: number, windowBytes: number) {
    this.name = name;
    this.concurrency = concurrency;
    this.windowBytes = windowBytes;
  }

  /** Whether it takes records at all. The broker writes it: false while its connection is congested. */
  get ready(): boolean {
    return this.#isReady && this.heldBytes < this.windowBytes;
  }

  set ready(isReady: boolean) {
    this.#isReady = isReady;
  }

  /** Records that it has. */
  get outstanding(): number {
    return this.held.size;
  }
}

/** All of them, and whose turn it is. */
export class ConsumerMembers {
  readonly #members = new Set<ConsumerMember>();
  readonly #turns: LeastOutstanding<ConsumerMember>;

  /** `random` gives numbers from 0 to 1, without 1. */
  constructor(random: () => number) {
    this.#turns = new LeastOutstanding(random);
  }

  /** In the order in which they came. */
  get infos(): MemberInfo[] {
    return [...this.#members].map(({ name, concurrency, outstanding }) => ({
      name,
      concurrency,
      outstanding,
    }));
  }

  /** Looks no further than to the first who has room. */
  get anyHasRoom(): boolean {
    for (const member of this.#members) if (hasRoom(member)) return true;
    return false;
  }

  add(member: ConsumerMember): void {
    this.#members.add(member);
    this.#turns.add(member);
  }

  /** False when it was not in. */
  remove(member: ConsumerMember): boolean {
    return this.#members.delete(member) && this.#turns.remove(member);
  }

  /** Whoever has the fewest records for its concurrency, in turn among equals; undefined when nobody has room. */
  choose(): ConsumerMember | undefined {
    return this.#turns.choose(0, undefined);
  }
}
