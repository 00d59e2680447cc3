import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/index.js';
import { encodeControl } from '../../../src/codec/index.js';
import { matchesFilter } from '../../../src/codec/subject.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { frameOf, type RawClient } from '../../support/raw-client.js';
import { thoroughly } from '../../support/thoroughness.js';

const fixture = new BrokerFixture();

const CLIENTS = 4;
const SUBJECTS = ['a', 'a.b', 'a.c', 'b'];
const FILTERS = ['a', 'a.*', 'a.>', '*', '>', 'b'];
const GROUPS = ['', 'g', 'h'];

type Action =
  | { readonly do: 'publish'; readonly subject: string; readonly count: number }
  | { readonly do: 'subscribe'; readonly filter: string; readonly group: string }
  | { readonly do: 'unsubscribe'; readonly which: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      subject: fc.constantFrom(...SUBJECTS),
      count: fc.integer({ min: 1, max: 9 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('subscribe' as const),
      filter: fc.constantFrom(...FILTERS),
      group: fc.constantFrom(...GROUPS),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unsubscribe' as const), which: fc.nat(5) }) },
);

/** What one client sends in one message, or that its connection is cut. */
const step = fc.record({
  client: fc.nat(CLIENTS - 1),
  actions: fc.array(action, { maxLength: 8 }),
  cut: fc.nat(9).map((number) => number === 0),
});

interface Open {
  readonly number: number;
  readonly filter: string;
  readonly group: string;
}

/** A client, and what it should have by the law: counted for what goes to one of several, listed for what goes to all. */
class Participant {
  readonly client: RawClient;
  readonly open: Open[] = [];
  readonly everything: string[] = [];

  constructor(client: RawClient) {
    this.client = client;
  }

  /** Subscriptions of a group by which it may get a subject. */
  members(group: string, subject: string): Open[] {
    return this.open.filter((one) => one.group === group && matchesFilter(one.filter, subject));
  }
}

/** A delivery that one of several subscriptions should have got. */
interface Shared {
  readonly label: string;
  readonly candidates: readonly { readonly participant: Participant; readonly number: number }[];
}

class World {
  readonly #broker: Broker;
  readonly #prefix: string;
  #participants: Participant[] = [];
  /** Those whose connections were cut: they got what they got. */
  readonly #gone: Participant[] = [];
  readonly #shared: Shared[] = [];
  readonly #sequences = new Map<string, number>();
  #number = 0;

  constructor(broker: Broker, prefix: string) {
    this.#broker = broker;
    this.#prefix = prefix;
  }

  async join(): Promise<void> {
    this.#participants.push(new Participant(await fixture.raw(this.#broker.url)));
  }

  async play(index: number, actions: readonly Action[], cut: boolean): Promise<void> {
    const participant = this.#participants[index]!;
    const entries = actions.flatMap((one) => this.#entriesOf(participant, one));
    if (entries.length > 0) participant.client.send(...entries);
    await participant.client.settle();
    for (const { client } of this.#participants) await client.settle();
    if (!cut) return;
    const { sessions } = this.#broker.stats();
    participant.client.socket.terminate();
    await eventually('the client being gone', () => this.#broker.stats().sessions === sessions - 1);
    this.#participants = this.#participants.filter((one) => one !== participant);
    this.#gone.push(participant);
    await this.join();
  }

  /** Holds what has come against the law. */
  check(): void {
    const expected = new Map<string, number>();
    for (const participant of [...this.#participants, ...this.#gone]) {
      const { client, everything } = participant;
      // Order holds within a subject.
      expect(client.labelsOf(0).toSorted()).toEqual(everything.toSorted());
      expect(sequencesRise(client.labelsOf(0))).toBe(true);
      expect(client.all('gap')).toEqual([]);
      expect(client.all('failure')).toEqual([]);
    }
    const got = new Map<string, number>();
    for (const participant of [...this.#participants, ...this.#gone]) {
      for (const number of new Set(participant.client.shares.values())) {
        const own = participant.client.labelsOf(number);
        expect(sequencesRise(own)).toBe(true);
        for (const label of own) got.set(`${label} ${number}`, (got.get(`${label} ${number}`) ?? 0) + 1);
      }
    }
    for (const { label, candidates } of this.#shared) {
      const takers = candidates.filter(({ number }) => got.has(`${label} ${number}`));
      expect(takers).toHaveLength(1);
      const key = `${label} ${takers[0]!.number}`;
      expected.set(key, (expected.get(key) ?? 0) + 1);
    }
    // And nobody got what was not for it.
    expect(got).toEqual(expected);
  }

  async end(): Promise<void> {
    for (const { client } of this.#participants) await client.close();
    await eventually('all being gone', () => this.#broker.stats().sessions === 0);
  }

  #entriesOf(participant: Participant, one: Action): Uint8Array[] {
    const { open } = participant;
    if (one.do === 'subscribe') {
      // Numbers differ among all clients, so that a number says who it was.
      const number = ++this.#number;
      const filter = `${this.#prefix}.${one.filter}`;
      open.push({ number, filter, group: one.group });
      const fields = {
        resume: false,
        complete: false,
        positions: [],
        reads: [],
        group: one.group,
        skipHistory: false,
      };
      return [encodeControl({ type: 'subscribe', subscription: number, filter, ...fields })];
    }
    if (one.do === 'unsubscribe') {
      const [ended] = open.splice(one.which, 1);
      return ended ? [encodeControl({ type: 'unsubscribe', subscription: ended.number })] : [];
    }
    const subject = `${this.#prefix}.${one.subject}`;
    return Array.from({ length: one.count }, () => {
      this.#deliver(subject);
      return frameOf(subject);
    });
  }

  #deliver(subject: string): void {
    const sequence = (this.#sequences.get(subject) ?? 0) + 1;
    this.#sequences.set(subject, sequence);
    const label = `${subject}#${sequence}`;
    for (const participant of this.#participants) {
      if (participant.members('', subject).length > 0) participant.everything.push(label);
    }
    for (const group of GROUPS.filter((name) => name !== '')) {
      const candidates = this.#participants.flatMap((participant) =>
        participant.members(group, subject).map(({ number }) => ({ participant, number })),
      );
      if (candidates.length > 0) this.#shared.push({ label, candidates });
    }
  }
}

/** Whether those of each subject come in the order of their sequences. */
function sequencesRise(labels: readonly string[]): boolean {
  const last = new Map<string, number>();
  return labels.every((label) => {
    const [subject, sequence] = label.split('#') as [string, string];
    const rises = Number(sequence) > (last.get(subject) ?? 0);
    last.set(subject, Number(sequence));
    return rises;
  });
}

describe.each(TRANSPORTS)('the law of groups over %s', (transport) => {
  it('each message goes to exactly one member of each group and to all without one, whoever joins and leaves', async () => {
    const broker = await fixture.broker(transport);
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const world = new World(broker, `r${round++}`);
        try {
          for (let index = 0; index < CLIENTS; index++) await world.join();
          for (const { client, actions, cut } of steps) await world.play(client, actions, cut);
          world.check();
        } finally {
          await world.end();
        }
      }),
      { numRuns: thoroughly(10, 30) },
    );
    expect(broker.stats()).toMatchObject({ subscriptions: 0, audiences: 0 });
  });
});
