import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConsumerConfig } from '../../../src/routing/consumers/consumer-config.js';
import { cursorAt, decodeCursor } from '../../../src/routing/consumers/consumer-cursor.js';
import type { ConsumerMember } from '../../../src/routing/consumers/consumer-members.js';
import { ConsumerState } from '../../../src/routing/consumers/consumer-state.js';
import { readConsumerConfig } from '../../../src/routing/consumers/read-consumer-config.js';

type Fate = 'acked' | 'terminated' | 'dead-lettered' | 'lost' | 'not selected';

/** A record that was delivered and is not settled, as naively as can be. */
interface Open {
  attempts: number;
  /** Undefined while nobody has it. */
  member?: ConsumerMember | undefined;
  /** When its ack wait ends, or it may be delivered again, or its dead letter is to be published. */
  atMs: number;
  /** Why it is given up, if it is. */
  dying?: 'terminated' | 'dead-lettered' | undefined;
  /** Whether its dead letter is being published. */
  leaving?: boolean;
}

/** What is kept of the model when the broker keeps the cursor. */
interface Kept {
  readonly bytes: Uint8Array;
  readonly fates: ReadonlyMap<number, Fate>;
  readonly open: ReadonlyMap<number, Open>;
  readonly position: number;
  readonly pausedUntilMs: number;
}

/** A stream whose every third record is not selected, the consumer, and the model: lists that are searched from end to end. */
class World {
  config: ConsumerConfig;
  state: ConsumerState;
  nowMs = 1_000;
  last = 0;
  /** Offsets up to here the stream has no more. */
  purged = 0;
  members: ConsumerMember[] = [];
  fates = new Map<number, Fate>();
  open = new Map<number, Open>();
  position = 1;
  pausedUntilMs = 0;
  kept: Kept;

  constructor(config: ConsumerConfig) {
    this.config = config;
    this.state = new ConsumerState(config, cursorAt(1), Math.random);
    this.kept = this.keep();
  }

  keep(): Kept {
    const open = new Map(Array.from(this.open, ([offset, one]) => [offset, { ...one }]));
    const { position, pausedUntilMs } = this;
    return { bytes: this.state.snapshot(), fates: new Map(this.fates), open, position, pausedUntilMs };
  }

  crash(): void {
    const { bytes, fates, open, position, pausedUntilMs } = this.kept;
    this.state = new ConsumerState(this.config, decodeCursor(bytes), Math.random);
    this.members = [];
    Object.assign(this, { fates: new Map(fates), position, pausedUntilMs });
    this.open = new Map(
      Array.from(open, ([offset, { attempts, dying }]) => [offset, { attempts, dying, atMs: 0 }]),
    );
    for (const one of this.open.values()) if (one.dying === undefined) this.again(one, 0);
  }

  again(one: Open, atMs: number): void {
    Object.assign(one, { member: undefined, atMs });
    const { maxDeliver } = this.config;
    if (maxDeliver > 0 && one.attempts >= maxDeliver) Object.assign(one, { dying: 'dead-lettered', atMs: 0 });
  }

  backoffMs({ attempts }: Open): number {
    const { backoffMs } = this.config;
    return backoffMs[attempts - 1] ?? backoffMs.at(-1) ?? 0;
  }

  /** The ack waits that have ended. */
  passTime(): void {
    if (this.pausedUntilMs <= this.nowMs) this.pausedUntilMs = 0;
    for (const one of this.open.values()) {
      if (one.member === undefined || one.atMs > this.nowMs) continue;
      this.again(one, this.nowMs + this.backoffMs(one));
    }
  }

  heldBy(member: ConsumerMember): number {
    return [...this.open.values()].filter((one) => one.member === member).length;
  }

  /** Who has room, and the least share in use with one record more among them. */
  leastShare(): number {
    const shares = this.members.map((member) => (this.heldBy(member) + 1) / member.concurrency);
    return Math.min(...shares.filter((share) => share <= 1));
  }

  /** What is to be delivered again now: the longest due, then the lowest offset. */
  due(): number | undefined {
    const waiting = [...this.open].filter(
      ([, { member, dying }]) => member === undefined && dying === undefined,
    );
    waiting.sort(([a, one], [b, other]) => one.atMs - other.atMs || a - b);
    const [first] = waiting;
    return first !== undefined && first[1].atMs <= this.nowMs ? first[0] : undefined;
  }

  wanted(): { kind: 'next' | 'again'; offset: number } | undefined {
    if (this.config.paused || this.pausedUntilMs > 0) return undefined;
    if (this.leastShare() === Number.POSITIVE_INFINITY) return undefined;
    const due = this.due();
    if (due !== undefined) return { kind: 'again', offset: due };
    if (this.open.size >= this.config.maxAckPending) return undefined;
    return { kind: 'next', offset: this.position };
  }

  /** What the broker would do until nothing is wanted, at most `most` times. */
  pump(most: number): void {
    this.passTime();
    for (let left = most; left > 0; left--) {
      const wanted = this.state.wanted(this.nowMs);
      const expected = this.wanted();
      if (expected === undefined) expect(wanted).toBeUndefined();
      else expect(wanted).toMatchObject(expected);
      if (wanted === undefined || (wanted.kind === 'next' && wanted.offset > this.last)) return;
      this.serve(wanted.kind, wanted.offset);
    }
  }

  serve(kind: 'next' | 'again', offset: number): void {
    if (offset <= this.purged) {
      const to = kind === 'next' ? this.purged : offset;
      this.state.gone(offset, to);
      for (let one = offset; one <= to; one++) this.fates.set(one, 'lost');
      if (kind === 'next') this.position = to + 1;
      this.open.delete(offset);
    } else if (offset % 3 === 0) {
      this.state.passed(offset);
      this.fates.set(offset, 'not selected');
      this.position = offset + 1;
    } else this.deliver(kind, offset);
  }

  deliver(kind: 'next' | 'again', offset: number): void {
    const { member, attempt } = this.state.deliver(offset, this.nowMs)!;
    const one = this.open.get(offset) ?? { attempts: 0, atMs: 0 };
    expect([one.member, one.dying]).toEqual([undefined, undefined]);
    expect((this.heldBy(member) + 1) / member.concurrency).toBe(this.leastShare());
    one.attempts++;
    expect(attempt).toBe(one.attempts);
    if (this.config.maxDeliver > 0) expect(attempt).toBeLessThanOrEqual(this.config.maxDeliver);
    Object.assign(one, { member, atMs: this.nowMs + this.config.ackWaitMs });
    this.open.set(offset, one);
    if (kind === 'next') this.position = offset + 1;
  }

  /** An offset to say something about: mostly one that is open. */
  pick(at: number): number {
    const all = [...this.open.keys()];
    return at % 8 === 0 || all.length === 0 ? at % (this.last + 2) : all[at % all.length]!;
  }

  publishDeadLetters(succeed: boolean): void {
    this.passTime();
    const dying = [...this.open].filter(([, one]) => one.dying && !one.leaving && one.atMs <= this.nowMs);
    const letters = this.state.deadLetters(this.nowMs);
    const told = letters.map(({ offset, attempts, cause }) => [offset, attempts, cause]);
    const expected = dying.map(([offset, { attempts, dying: why }]) => [
      ...[offset, attempts, why === 'terminated' ? 'terminated' : 'attempts'],
    ]);
    expect(told.sort()).toEqual(expected.sort());
    for (const [offset, one] of dying) {
      if (succeed) {
        this.state.deadLettered(offset);
        this.fates.set(offset, one.dying!);
        this.open.delete(offset);
      } else if (offset % 2 === 0) {
        this.state.deadLetterFailed(offset, this.nowMs);
        one.atMs = this.nowMs + 1_000;
      } else one.leaving = true;
    }
  }

  /** That the state is what the model says, and that every record has exactly one fate. */
  check(): void {
    const { info } = this.state;
    const open = [...this.open.values()];
    const count = (fate: Fate) => [...this.fates.values()].filter((one) => one === fate).length;
    const held = open.filter(({ member }) => member !== undefined).length;
    const dying = open.filter((one) => one.dying !== undefined).length;
    expect(info).toMatchObject({
      ...{ acked: count('acked'), terminated: count('terminated'), deadLettered: count('dead-lettered') },
      ...{ lost: count('lost'), pending: held, givenUp: dying, waiting: open.length - held - dying },
      position: this.position,
      ackFloor: Math.min(this.position, ...this.open.keys()) - 1,
      members: this.members.map((member) => ({
        ...{ name: member.name, concurrency: member.concurrency, outstanding: this.heldBy(member) },
      })),
    });
    // Either of the two, so that with as many as there are each is in one.
    expect([...this.open.keys()].filter((offset) => this.fates.has(offset))).toEqual([]);
    expect(Math.max(0, ...this.open.keys(), ...this.fates.keys())).toBeLessThan(this.position);
    expect(this.fates.size + this.open.size).toBe(this.position - 1);
    for (const { concurrency, outstanding } of info.members)
      expect(outstanding).toBeLessThanOrEqual(concurrency);
    this.checkTimer(open);
  }

  /** Nothing that time brings about is slept through, and nobody is woken for nothing. */
  checkTimer(open: readonly Open[]): void {
    const times = open.filter((one) => one.member !== undefined || (one.dying && !one.leaving));
    const canDeliver = !this.config.paused && this.leastShare() < Number.POSITIVE_INFINITY;
    if (canDeliver && this.pausedUntilMs > 0) times.push({ attempts: 0, atMs: this.pausedUntilMs });
    else if (canDeliver) times.push(...open.filter((one) => !one.member && !one.dying));
    expect(this.state.nextDueMs).toBe(Math.min(...times.map(({ atMs }) => atMs)));
  }
}

const MOVES: Readonly<Record<string, (world: World, at: number) => void>> = {
  publish(world, at) {
    world.last += 1 + (at % 20);
  },
  pump: (world, at) => world.pump(1 + (at % 40)),
  'pump all': (world) => world.pump(Number.POSITIVE_INFINITY),
  join(world, at) {
    if (world.members.length < 5) world.members.push(world.state.join(`m${at}`, 1 + (at % 4)));
  },
  leave(world, at) {
    const [member] = world.members.splice(at % Math.max(1, world.members.length), 1);
    if (member === undefined) return;
    world.state.leave(member, world.nowMs);
    for (const one of world.open.values()) if (one.member === member) world.again(one, world.nowMs);
  },
  ack(world, at) {
    const offset = world.pick(at);
    const one = world.open.get(offset);
    const counts = one !== undefined && one.dying === undefined;
    expect(world.state.ack(offset)).toBe(counts);
    if (!counts) return;
    world.open.delete(offset);
    world.fates.set(offset, 'acked');
  },
  'ack all'(world) {
    for (const [offset, { dying }] of world.open) {
      if (dying !== undefined) continue;
      expect(world.state.ack(offset)).toBe(true);
      world.open.delete(offset);
      world.fates.set(offset, 'acked');
    }
  },
  term(world, at) {
    const offset = world.pick(at);
    const one = world.open.get(offset);
    const counts = one !== undefined && one.dying === undefined;
    expect(world.state.term(offset, 'poison')).toBe(counts);
    if (counts) Object.assign(one, { member: undefined, dying: 'terminated', atMs: 0 });
  },
  nak(world, at) {
    const offset = world.pick(at);
    const one = world.open.get(offset);
    const member = (at % 5 === 0 ? undefined : one?.member) ?? world.members[at % world.members.length];
    if (member === undefined) return;
    const counts = one?.member === member;
    const delayMs = at % 3 === 0 ? undefined : at % 300;
    expect(world.state.nak(member, offset, world.nowMs, { delayMs })).toBe(counts);
    if (counts) world.again(one, world.nowMs + (delayMs ?? world.backoffMs(one)));
  },
  working(world, at) {
    const offset = world.pick(at);
    const one = world.open.get(offset);
    const member = one?.member ?? world.members[0];
    if (member === undefined) return;
    const counts = one?.member === member;
    expect(world.state.working(member, offset, world.nowMs)).toBe(counts);
    if (counts) one.atMs = world.nowMs + world.config.ackWaitMs;
  },
  'pass time'(world, at) {
    const { nextDueMs } = world.state;
    // Also to the very moment at which something is due.
    const isExact = at % 3 === 0 && nextDueMs < Number.POSITIVE_INFINITY;
    world.nowMs = isExact ? Math.max(world.nowMs, nextDueMs) : world.nowMs + (at % 400);
    world.passTime();
    world.state.wanted(world.nowMs);
  },
  'publish dead letters': (world) => world.publishDeadLetters(true),
  'fail to publish dead letters': (world) => world.publishDeadLetters(false),
  retain(world, at) {
    world.purged = Math.min(world.last, world.purged + (at % 6));
  },
  'tell what is retained'(world) {
    world.state.gone(1, world.purged);
    for (const [offset, { member }] of world.open) {
      if (offset > world.purged || member !== undefined) continue;
      world.open.delete(offset);
      world.fates.set(offset, 'lost');
    }
    for (; world.position <= world.purged; world.position++) world.fates.set(world.position, 'lost');
  },
  keep(world) {
    world.kept = world.keep();
  },
  crash: (world) => world.crash(),
  pause(world, at) {
    world.pausedUntilMs = world.nowMs + 1 + (at % 300);
    world.state.pauseUntil(world.pausedUntilMs);
  },
  reconfigure(world, at) {
    const [maxDeliver, maxAckPending, ackWaitMs] = [at % 5, 1 + (at % 30), 10 + (at % 500)];
    world.config = { ...world.config, maxDeliver, maxAckPending, ackWaitMs, paused: at % 7 === 0 };
    world.state.reconfigure(world.config);
    for (const one of world.open.values()) {
      if (one.member === undefined && one.dying === undefined) world.again(one, one.atMs);
    }
  },
};

/** How often each comes: so that courses get somewhere before something goes wrong. */
const OFTEN: Readonly<Record<string, number>> = {
  publish: 4,
  pump: 8,
  'pump all': 2,
  join: 4,
  ack: 8,
  nak: 4,
};

class Move implements fc.Command<object, World> {
  readonly name: string;
  readonly at: number;

  constructor(name: string, at: number) {
    this.name = name;
    this.at = at;
  }

  check(): boolean {
    return true;
  }

  run(_: object, world: World): void {
    const before = world.open.size;
    MOVES[this.name]!(world, this.at);
    world.check();
    expect(world.open.size).toBeLessThanOrEqual(
      Math.max(before, world.config.maxAckPending, world.kept.open.size),
    );
  }

  toString(): string {
    return `${this.name} ${this.at}`;
  }
}

const anyMove = fc.oneof(
  ...Object.keys(MOVES).map((name) => ({
    weight: OFTEN[name] ?? 1,
    arbitrary: fc.nat(10_000).map((at) => new Move(name, at)),
  })),
);

const anyConfig = fc
  .record({
    ackWaitMs: fc.constantFrom(50, 300, 5_000),
    maxDeliver: fc.nat(4),
    backoffMs: fc.array(fc.nat(200), { maxLength: 3 }),
    maxAckPending: fc.integer({ min: 1, max: 30 }),
  })
  .map((parts) => readConsumerConfig({ name: 'c', stream: 's', ...parts }));

describe('every durable consumer', () => {
  it('knows exactly one fate of every record, over failures, crashes and restarts', () => {
    const ends = new Map<string, number>();
    const commands = fc.commands([anyMove], { maxCommands: 120, size: 'max' });
    fc.assert(
      fc.property(anyConfig, commands, (config, all) => {
        const world = new World(config);
        fc.modelRun(() => ({ model: {}, real: world }), all);
        settleEverything(world);
        for (const fate of world.fates.values()) ends.set(fate, (ends.get(fate) ?? 0) + 1);
      }),
      { numRuns: 100 },
    );
    // The courses are worth the name: they get everywhere.
    for (const fate of ['acked', 'terminated', 'dead-lettered', 'lost'])
      expect(ends.get(fate)).toBeGreaterThan(0);
  });

  it('gives a single member everything once and in order while nothing fails', () => {
    const steps = fc.array(fc.record({ published: fc.nat(20), acked: fc.nat(20) }), { maxLength: 40 });
    fc.assert(
      fc.property(
        steps,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 10 }),
        (all, room, most) => {
          const config = readConsumerConfig({ name: 'c', stream: 's', maxAckPending: most });
          const state = new ConsumerState(config, cursorAt(1), Math.random);
          state.join('m', room);
          const handed: number[] = [];
          let [last, acked] = [0, 0];
          const pump = () => {
            for (let next = state.wanted(0); next && next.offset <= last; next = state.wanted(0)) {
              handed.push(state.deliver(next.offset, 0)!.offset);
            }
          };
          for (const step of all) {
            last += step.published;
            pump();
            for (let left = step.acked; left > 0 && acked < handed.length; left--)
              state.ack(handed[acked++]!);
          }
          for (; acked < last; acked++) {
            pump();
            state.ack(handed[acked]!);
          }
          expect(handed).toEqual(Array.from({ length: last }, (_, at) => at + 1));
          expect(state.info).toMatchObject({ ackFloor: last, acked: last, redelivered: 0 });
        },
      ),
    );
  });
});

/** Once nothing fails any more and everybody acknowledges, all that the stream has is settled. */
function settleEverything(world: World): void {
  world.config = { ...world.config, paused: false };
  world.state.reconfigure(world.config);
  if (world.members.length === 0) world.members.push(world.state.join('last', 3));
  for (const [offset, one] of world.open) if (one.leaving) world.state.deadLetterFailed(offset, world.nowMs);
  for (const one of world.open.values()) if (one.leaving) Object.assign(one, { leaving: false, atMs: 0 });
  while (world.position <= world.last || world.open.size > 0) {
    world.nowMs += 1_000;
    world.pump(Number.POSITIVE_INFINITY);
    MOVES['ack all']!(world, 0);
    world.publishDeadLetters(true);
  }
  expect(world.state.info).toMatchObject({ ackFloor: world.last, position: world.last + 1 });
}
