import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameView } from '../../../src/codec/frame-view.js';
import { FrameFlags } from '../../../src/codec/generated/modwire/frame-flags.js';
import { toHex } from '../../../src/codec/message-id.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';
import { thoroughly } from '../../support/thoroughness.js';

const fixture = new BrokerFixture();

/** Each picks whom or what it is about by a number, taken modulo how many there are. */
const action = fc.record({
  kind: fc.constantFrom(
    ...['request', 'request', 'request', 'reply', 'reply', 'part', 'error', 'reject', 'grant'],
    ...['cancel', 'serve', 'unserve', 'capacity', 'lose worker', 'lose caller', 'stray', 'pass'],
  ),
  who: fc.nat(1_000),
  what: fc.nat(1_000),
});
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface Asked {
  readonly caller: RawClient;
  readonly id: Uint8Array;
  /** Its caller has cancelled it, or is gone. */
  givenUp: boolean;
}

interface PlayedWorker {
  readonly client: RawClient;
  readonly services: Set<number>;
  nextService: number;
}

const SUBJECTS = ['m.a', 'm.b', 'other'];
const FILTERS = ['m.a', 'm.*', '>'];

/** Plays actions on a broker, and knows of every request what has to become of it. */
class Play {
  readonly #url: string;
  callers: RawClient[] = [];
  workers: PlayedWorker[] = [];
  readonly asked: Asked[] = [];
  /** Requests that workers have ended. One may have the same twice, as different attempts. */
  readonly #ended = new Set<FrameView>();

  constructor(url: string) {
    this.#url = url;
  }

  async begin(): Promise<void> {
    for (let number = 0; number < 2; number++) this.callers.push(await fixture.raw(this.#url));
    for (let number = 0; number < 2; number++) await this.#addWorker(number);
  }

  async act({ kind, who, what }: Action): Promise<void> {
    const caller = this.callers[who % this.callers.length]!;
    const worker = this.workers[who % this.workers.length];
    switch (kind) {
      case 'request':
        this.#request(caller, what);
        break;
      case 'cancel': {
        const one = this.asked[what % Math.max(1, this.asked.length)];
        if (one === undefined || !this.callers.includes(one.caller)) break;
        if (calls.endsOf(one.caller, one.id).length === 0) one.givenUp = true;
        calls.cancel(one.caller, one.id);
        break;
      }
      case 'grant': {
        const one = this.asked[what % Math.max(1, this.asked.length)];
        if (one !== undefined) caller.control({ type: 'grant', request: one.id, replies: 64 + what });
        break;
      }
      case 'lose caller':
        for (const one of this.asked) if (one.caller === caller) one.givenUp = true;
        await caller.close();
        this.callers = this.callers.filter((other) => other !== caller);
        this.callers.push(await fixture.raw(this.#url));
        break;
      case 'serve':
        if (worker === undefined || worker.services.size > 2) await this.#addWorker(what);
        else await this.#serve(worker, what);
        break;
      case 'lose worker':
        if (worker === undefined) break;
        this.workers = this.workers.filter((other) => other !== worker);
        await worker.client.close();
        break;
      case 'pass':
        await caller.settle();
        break;
      default:
        if (worker !== undefined) this.#work(worker, kind, what);
    }
  }

  /** Ends what workers have, until nothing comes any more. */
  async finish(isOpen: () => boolean): Promise<void> {
    for (const { client, services } of this.workers) {
      for (const service of services)
        client.control({ type: 'capacity', service, concurrency: 5, ready: true });
    }
    await eventually('every request ended', async () => {
      for (const worker of this.workers) {
        await worker.client.settle();
        for (const asked of this.#open(worker.client)) this.#end(worker.client, asked, 'reply');
      }
      for (const caller of this.callers) await caller.settle();
      return !isOpen();
    });
  }

  #request(caller: RawClient, what: number): void {
    const id = calls.request(caller, SUBJECTS[what % SUBJECTS.length]!, {
      ...(what % 2 === 0 && calls.IDEMPOTENT),
      priority: what % 3,
      assignmentKey: `key ${what % 5}`,
      timeout: what % 7 === 0 ? 1_000 : 60_000_000,
    });
    this.asked.push({ caller, id, givenUp: false });
  }

  #work({ client, services }: PlayedWorker, kind: string, what: number): void {
    const [service] = services;
    const open = this.#open(client);
    const asked = open[what % Math.max(1, open.length)];
    if (kind === 'unserve' && service !== undefined) {
      services.delete(service);
      client.control({ type: 'unserve', service });
    } else if (kind === 'capacity' && service !== undefined) {
      const [concurrency, ready] = [1 + (what % 4), what % 5 > 0];
      client.control({ type: 'capacity', service, concurrency, ready });
    } else if (kind === 'stray') {
      const any = this.asked[what % Math.max(1, this.asked.length)];
      // An answer of someone who may not have it: only who has it is heard.
      if (any !== undefined && !this.#has(client, any.id)) calls.reply(client, { id: any.id, subject: 's' });
    } else if (asked !== undefined) this.#end(client, asked, kind);
  }

  #end(client: RawClient, asked: FrameView, kind: string): void {
    if (kind === 'part') {
      calls.replyPart(client, asked);
      return;
    }
    this.#ended.add(asked);
    if (kind === 'reply') calls.reply(client, asked);
    else calls.fail(client, asked, kind === 'reject' ? 'REJECTED' : 'INTERNAL');
  }

  /** Requests that a worker has been handed and has not ended. */
  #open(client: RawClient): FrameView[] {
    return calls.handed(client).filter((asked) => !this.#ended.has(asked));
  }

  #has(client: RawClient, id: Uint8Array): boolean {
    return calls.handed(client).some((asked) => toHex(asked.id) === toHex(id));
  }

  async #addWorker(what: number): Promise<void> {
    const worker = { client: await fixture.raw(this.#url), services: new Set<number>(), nextService: 1 };
    this.workers.push(worker);
    await this.#serve(worker, what);
  }

  async #serve(worker: PlayedWorker, what: number): Promise<void> {
    const service = worker.nextService++;
    const subject = FILTERS[what % FILTERS.length]!;
    await calls.serve(worker.client, { service, subject, concurrency: 1 + (what % 3) });
    worker.services.add(service);
  }
}

describe.each(TRANSPORTS)('whatever callers and workers do over %s', (transport) => {
  it('every request ends once for its caller, and nothing is left', { timeout: 120_000 }, async () => {
    const broker = await fixture.broker(transport);
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 20, maxLength: 80 }), async (actions) => {
        const play = new Play(broker.url);
        await play.begin();
        for (const one of actions) await play.act(one);
        const { calls: figures } = broker.stats();
        expect(figures.open).toBeGreaterThanOrEqual(figures.waiting);
        await play.finish(() => broker.stats().calls.open + broker.stats().calls.lingering > 0);
        for (const { caller, id, givenUp } of play.asked) {
          const answers = calls.answersTo(caller, id);
          const ends = calls.endsOf(caller, id);
          // Who gives up may have had its end by then, on the way.
          if (!givenUp) expect(ends).toHaveLength(1);
          else expect(ends.length).toBeLessThanOrEqual(1);
          // A stream is never begun twice, and nothing comes after its end.
          expect(answers.map(({ sequence }) => sequence).filter((sequence) => sequence > 0)).toEqual(
            answers.filter(({ sequence }) => sequence > 0).map((_, index) => index + 1),
          );
          if (ends.length === 1) expect(answers.at(-1)!.flags & FrameFlags.more).toBe(0);
        }
        for (const { client } of play.workers) await client.close();
        for (const client of play.callers) await client.close();
        await eventually('everyone gone', () => broker.stats().sessions === 0);
        expect(broker.stats()).toMatchObject({
          calls: { open: 0, waiting: 0, lingering: 0, workers: 0 },
          waitingBytes: 0,
        });
      }),
      { numRuns: thoroughly(10, 30) },
    );
  });
});
