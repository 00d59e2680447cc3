import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Gap } from '../../src/client/client-events.js';
import { type FrameReading, plainReading } from '../../src/client/frame-reading.js';
import { Inbox } from '../../src/client/inbox.js';
import { Subscription, type SubscriptionHost } from '../../src/client/subscription.js';
import type { MissedRange, SubjectPosition } from '../../src/codec/control-message.js';
import type { FrameView } from '../../src/codec/frame-view.js';
import { Kind, Memory, openFrame } from '../../src/codec/index.js';
import { matchesFilter } from '../../src/codec/subject.js';
import { frameOf } from '../support/raw-client.js';

const SUBJECTS = ['a.x', 'a.y', 'b.x'];
const FILTERS = ['a.*', 'a.x', '>'];

const HOST: SubscriptionHost = {
  full: () => false,
  relieve: () => undefined,
  dropped: () => undefined,
  unreadable: () => undefined,
  failed: () => undefined,
  unsubscribe: async () => undefined,
};

/** From such a subscription frames of other schemas are kept back. */
function readingOneSchema(listener: (frame: FrameView) => void): FrameReading<FrameView> {
  return { ...plainReading(listener), reads: [new Uint8Array(16).fill(1)] };
}

/** A subject's count at a broker. */
interface Count {
  epoch: number;
  sequence: number;
}

/**
 * A broker as the client sees it: it counts, sends frames to whom is connected, and answers subscriptions. It tells
 * what a client should end up knowing: every frame since the client first knew of its subject, once.
 */
class World {
  counts = new Map<string, Count>();
  connected = true;
  /** Since when each subject's frames are the client's business; by subject and epoch. */
  readonly due = new Map<string, number>();
  readonly accounted = new Map<string, string[]>();
  readonly unknown: string[] = [];
  readonly faults: string[] = [];
  readonly subscriptions: Subscription[];
  readonly inbox: Inbox;
  #epoch = 1e9;
  #restarts = 0;
  /** Whether the frames of this moment pass the client by without a word, as a bug or a proxy might make them. */
  silent = false;

  constructor(filters: readonly string[]) {
    this.inbox = new Inbox(1000, (action) => action(), {
      gap: (gap) => this.#gap(gap),
      failed: (error) => this.faults.push(error.message),
      call: (frame) => this.faults.push(`a call on ${frame.subject}`),
    });
    this.subscriptions = filters.map((filter, index) => {
      const listener = index === 0 ? (frame: FrameView) => this.#seen(frame) : () => undefined;
      return new Subscription(filter, index + 1, readingOneSchema(listener), 10, HOST);
    });
    for (const one of this.subscriptions) this.answer(one, [], this.positionsOf(one.filter));
  }

  publish(subject: string): void {
    const count = this.#next(subject);
    if (!this.connected || this.silent) return;
    const bytes = frameOf(subject);
    openFrame(bytes).stamp(count.sequence, count.epoch, 1);
    this.inbox.frame(new Memory(bytes), 0, bytes.length);
  }

  /** Two frames that the client cannot read; it is told of them, and once more, as if the broker were not sure. */
  withhold(subject: string): void {
    const { epoch, sequence: first } = this.#next(subject);
    const { sequence: last } = this.#next(subject);
    if (!this.connected) return;
    const [one] = this.subscriptions;
    const before = one!.unreadable;
    for (let time = 0; time < 2; time++) {
      this.inbox.withheld({ type: 'withheld', subject, epoch, first, last, schemaId: new Uint8Array(16) });
    }
    const counted = one!.unreadable - before;
    for (let index = 0; index < counted; index++) this.#account(`${subject}@${epoch}`, `${first + index}`);
  }

  #next(subject: string): Count {
    let count = this.counts.get(subject);
    if (count === undefined) {
      count = { epoch: this.#epoch++, sequence: 0 };
      this.counts.set(subject, count);
    }
    count.sequence++;
    const key = `${subject}@${count.epoch}`;
    if (!this.due.has(key)) this.due.set(key, count.sequence);
    return { ...count };
  }

  positionsOf(filter: string): SubjectPosition[] {
    return [...this.counts]
      .filter(([subject]) => matchesFilter(filter, subject))
      .map(([subject, count]) => ({ subject, ...count }));
  }

  /** As the broker's `missedSince`, by the protocol's word. */
  reconnect(): void {
    this.connected = true;
    const requests = this.subscriptions.map((one) => ({
      one,
      positions: this.inbox.positions(one, 1_000_000),
      complete: one.complete,
    }));
    for (const { one, positions, complete } of requests) {
      const missed: MissedRange[] = [];
      const seen = new Map(positions.map((position) => [position.subject, position]));
      for (const { subject, epoch, sequence } of this.positionsOf(one.filter)) {
        const position = seen.get(subject);
        seen.delete(subject);
        if (position === undefined && !complete) continue;
        if (position !== undefined && position.epoch !== epoch) missed.push(unknownAfter(position));
        const first = position?.epoch === epoch ? position.sequence + 1 : 1;
        if (first <= sequence) missed.push({ subject, epoch, first, last: sequence });
      }
      for (const position of seen.values()) missed.push(unknownAfter(position));
      this.answer(one, missed, this.positionsOf(one.filter));
    }
  }

  answer(one: Subscription, missed: readonly MissedRange[], positions: readonly SubjectPosition[]): void {
    this.inbox.missed(missed, 'disconnected');
    this.inbox.add(one, positions, true);
  }

  /** Another broker takes over, whose clock may be behind: nothing of the counts is left. */
  restart(): void {
    this.connected = false;
    for (const [subject, { epoch }] of this.counts) this.unknown.push(`${subject}@${epoch}`);
    this.counts = new Map();
    this.#restarts++;
    this.#epoch = 1e9 + (this.#restarts % 2 === 0 ? 1e6 : -1e6) * this.#restarts;
  }

  #seen({ subject, epoch, sequence }: { subject: string; epoch: number; sequence: number }): void {
    this.#account(`${subject}@${epoch}`, `${sequence}`);
  }

  #gap({ subject, epoch, first, last }: Gap): void {
    const key = `${subject}@${epoch}`;
    if (last === 0) this.#account(key, 'end');
    else for (let sequence = first; sequence <= last; sequence++) this.#account(key, `${sequence}`);
  }

  #account(key: string, what: string): void {
    const list = this.accounted.get(key) ?? [];
    if (list.includes(what)) this.faults.push(`${key}: ${what} twice`);
    list.push(what);
    this.accounted.set(key, list);
  }
}

function unknownAfter({ subject, epoch, sequence }: SubjectPosition): MissedRange {
  return { subject, epoch, first: sequence + 1, last: 0 };
}

type Step = 'publish' | 'withhold' | 'disconnect' | 'reconnect' | 'restart' | 'hush' | 'hush and withhold';

describe('an inbox', () => {
  it('accounts for every frame exactly once: it came, was kept back, or a gap says so', () => {
    const steps = fc.array(
      fc.record({
        do: fc.constantFrom<Step>(
          'publish',
          'publish',
          'publish',
          'publish',
          'withhold',
          'disconnect',
          'reconnect',
          'restart',
          'hush',
          'hush and withhold',
        ),
        subject: fc.constantFrom(...SUBJECTS),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      // The first subscription selects everything, and sees everything once.
      fc.property(steps, fc.subarray(FILTERS), (all, more) => {
        const world = new World(['>', ...more]);
        for (const { do: action, subject } of all) {
          world.silent = false;
          if (action === 'publish') world.publish(subject);
          else if (action === 'withhold') world.withhold(subject);
          else if (action === 'disconnect') world.connected = false;
          else if (action === 'restart') world.restart();
          else if (action === 'reconnect' && !world.connected) world.reconnect();
          else if (action !== 'reconnect' && world.connected) {
            world.silent = true;
            world.publish(subject);
            world.silent = false;
            // It shows with the next one.
            if (action === 'hush') world.publish(subject);
            else world.withhold(subject);
          }
        }
        if (!world.connected) world.reconnect();
        expect(world.faults).toEqual([]);
        for (const [subject, { epoch, sequence }] of world.counts) {
          const key = `${subject}@${epoch}`;
          const expected = Array.from({ length: sequence }, (_, index) => `${index + 1}`);
          expect(world.accounted.get(key), key).toEqual(expected);
        }
        for (const [key, list] of world.accounted) {
          const numbers = list.filter((one) => one !== 'end').map(Number);
          expect(numbers, key).toEqual(numbers.map((_, index) => index + 1));
          // Of a count that is over nobody knows the end, and that is said once.
          if (list.includes('end')) {
            expect(list.at(-1)).toBe('end');
            expect(world.unknown).toContain(key);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('lists positions as far as they fit, and says that it is not all', () => {
    const world = new World(['>']);
    for (const subject of SUBJECTS) world.publish(subject);
    const [one] = world.subscriptions;
    expect(world.inbox.positions(one!, 1_000_000)).toHaveLength(3);
    expect(one!.complete).toBe(true);
    const few = world.inbox.positions(one!, 1024 + 120);
    expect(few).toHaveLength(2);
    expect(one!.complete).toBe(false);
  });

  it('remembers no more subjects than it may, and calls nothing a gap that it has forgotten', () => {
    const gaps: Gap[] = [];
    const inbox = new Inbox(10, (action) => action(), {
      gap: (gap) => gaps.push(gap),
      failed: () => undefined,
      call: () => undefined,
    });
    const seen: string[] = [];
    const subscription = new Subscription(
      '>',
      1,
      plainReading((frame) => seen.push(frame.subject)),
      10,
      HOST,
    );
    inbox.add(subscription, [], true);
    for (let number = 0; number < 100; number++) {
      const bytes = frameOf(`s.${number % 25}`);
      openFrame(bytes).stamp(Math.floor(number / 25) * 10 + 1, 7, 1);
      inbox.frame(new Memory(bytes), 0, bytes.length);
      expect(inbox.positions(subscription, 1e6).length).toBeLessThanOrEqual(10);
    }
    expect(seen).toHaveLength(100);
    expect(gaps).toEqual([]);
  });

  it('hands on what is no message, whatever its subject, and counts it nowhere', () => {
    const calls: number[] = [];
    const gaps: Gap[] = [];
    const seen: number[] = [];
    const inbox = new Inbox(10, (action) => action(), {
      gap: (gap) => gaps.push(gap),
      failed: () => undefined,
      call: (frame) => calls.push(frame.kind),
    });
    const reading = plainReading((frame) => seen.push(frame.sequence));
    inbox.add(new Subscription('>', 1, reading, 10, HOST), [], true);
    const take = (kind: number, sequence: number) => {
      const bytes = frameOf('a', { kind });
      openFrame(bytes).stamp(sequence, 7, 1);
      inbox.frame(new Memory(bytes), 0, bytes.length);
    };
    take(Kind.message, 1);
    for (const kind of [Kind.request, Kind.reply, Kind.error, Kind.cancel, 200]) take(kind, 50);
    take(Kind.message, 2);
    expect(seen).toEqual([1, 2]);
    expect(calls).toEqual([Kind.request, Kind.reply, Kind.error, Kind.cancel, 200]);
    expect(gaps).toEqual([]);
  });
});
