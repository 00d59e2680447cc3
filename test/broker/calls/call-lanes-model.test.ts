import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FrameView } from '../../../src/codec/frame-view.js';
import { fromHex, toHex } from '../../../src/codec/message-id.js';
import { VERSION_HEADER } from '../../../src/codec/version-header.js';
import { VersionRange } from '../../../src/routing/version-range.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';
import type { RawClient } from '../../support/raw-client.js';
import { thoroughly } from '../../support/thoroughness.js';

const fixture = new BrokerFixture();

const SCHEMAS = [1, 2].map((byte) => new Uint8Array(16).fill(byte));
const VERSIONS = ['', '1.0.0', '1.2.0', '2.0.0'];
const RANGES = [undefined, '*', '1', '^1.1', '2', '3'];

const schema = fc.constantFrom(undefined, ...SCHEMAS);
const pick = fc.nat(1_000);
const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('request'), range: fc.constantFrom(...RANGES), schema, pick }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom('reply', 'reply', 'cancel', 'unserve', 'lose'), pick }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('capacity'), ready: fc.boolean(), pick }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('serve'), version: fc.constantFrom(...VERSIONS), schema, pick }),
  },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface Asked {
  readonly id: string;
  readonly range: string | undefined;
  readonly schema: Uint8Array | undefined;
}

interface PlayedWorker {
  readonly client: RawClient;
  readonly version: string;
  readonly reads: readonly Uint8Array[];
  concurrency: number;
  ready: boolean;
  readonly ended: Set<FrameView>;
}

/** By the documentation: in the range if there is one, and able to read the schema. */
function mayHave({ version, reads }: PlayedWorker, asked: Asked): boolean {
  if (asked.range !== undefined && (version === '' || !new VersionRange(asked.range).includes(version)))
    return false;
  return reads.length === 0 || (asked.schema !== undefined && reads.includes(asked.schema));
}

/** Plays on a broker, and knows what each worker has and each request waits for. */
class Play {
  readonly #url: string;
  readonly #caller: RawClient;
  readonly #asked: Asked[] = [];
  readonly #cancelled = new Set<string>();
  #workers: PlayedWorker[] = [];
  /** Those that take no more requests, and answer what they have. */
  readonly #leaving: PlayedWorker[] = [];

  constructor(url: string, caller: RawClient) {
    this.#url = url;
    this.#caller = caller;
  }

  async act(one: Action): Promise<void> {
    const worker = this.#workers[one.pick % Math.max(1, this.#workers.length)];
    if ('range' in one) this.#request(one.range, one.schema);
    else if ('version' in one) await this.#serve(one.version, one.schema, 1 + (one.pick % 2));
    else if (one.kind === 'cancel') {
      const asked = this.#asked[one.pick % Math.max(1, this.#asked.length)];
      if (asked === undefined) return;
      this.#cancelled.add(asked.id);
      calls.cancel(this.#caller, fromHex(asked.id));
    } else if (worker !== undefined) {
      if ('ready' in one) this.#change(worker, one.ready, 1 + (one.pick % 3));
      else if (one.kind === 'reply') this.#reply([...this.#workers, ...this.#leaving], one.pick);
      else await this.#end(worker, one.kind === 'lose');
    }
  }

  /** Whether what the broker has done is right, at rest. */
  async check(): Promise<void> {
    await this.#caller.settle();
    const all = [...this.#workers, ...this.#leaving];
    for (const { client } of all) await client.settle();
    // What workers were told has been heard; what they said has had its effect.
    await this.#caller.settle();
    for (const { client } of all) await client.settle();
    const handed = new Set<string>();
    for (const worker of all) {
      for (const frame of calls.handed(worker.client)) {
        const asked = this.#asked.find(({ id }) => id === toHex(frame.id))!;
        handed.add(asked.id);
        expect([asked, worker.version, mayHave(worker, asked)]).toEqual([asked, worker.version, true]);
      }
    }
    for (const asked of this.#asked) {
      const ended = calls.endsOf(this.#caller, fromHex(asked.id)).length > 0;
      if (ended || handed.has(asked.id) || this.#cancelled.has(asked.id)) continue;
      const able = this.#workers.filter((worker) => mayHave(worker, asked));
      // It waits: for somebody, who has no room.
      expect(able.length).toBeGreaterThan(0);
      expect(able.filter((worker) => this.#hasRoom(worker))).toEqual([]);
    }
  }

  async close(): Promise<void> {
    for (const { client } of [...this.#workers, ...this.#leaving]) await client.close();
  }

  #request(range: string | undefined, schemaId: Uint8Array | undefined): void {
    const headers = range === undefined ? [] : [[VERSION_HEADER, range] as const];
    const id = calls.request(this.#caller, 's', { headers, ...(schemaId !== undefined && { schemaId }) });
    this.#asked.push({ id: toHex(id), range, schema: schemaId });
  }

  async #serve(version: string, schemaId: Uint8Array | undefined, concurrency: number): Promise<void> {
    if (this.#workers.length >= 5) return;
    const client = await fixture.raw(this.#url);
    const reads = schemaId === undefined ? [] : [schemaId];
    await calls.serve(client, { version, reads, concurrency });
    this.#workers.push({ client, version, reads, concurrency, ready: true, ended: new Set() });
  }

  #change(worker: PlayedWorker, ready: boolean, concurrency: number): void {
    Object.assign(worker, { ready, concurrency });
    worker.client.control({ type: 'capacity', service: 1, concurrency, ready });
  }

  #reply(workers: readonly PlayedWorker[], which: number): void {
    const open = workers.flatMap((worker) => this.#open(worker).map((asked) => ({ worker, asked })));
    const one = open[which % Math.max(1, open.length)];
    if (one === undefined) return;
    one.worker.ended.add(one.asked);
    calls.reply(one.worker.client, one.asked);
  }

  async #end(worker: PlayedWorker, lost: boolean): Promise<void> {
    this.#workers = this.#workers.filter((other) => other !== worker);
    if (lost) {
      await worker.client.close();
      return;
    }
    this.#leaving.push(worker);
    worker.client.control({ type: 'unserve', service: 1 });
    await worker.client.next('unserved');
  }

  #open({ client, ended }: PlayedWorker): FrameView[] {
    return calls.handed(client).filter((asked) => !ended.has(asked));
  }

  #hasRoom(worker: PlayedWorker): boolean {
    return worker.ready && this.#open(worker).length < worker.concurrency;
  }
}

describe.each(TRANSPORTS)('whatever versions and schemas callers and workers have, over %s', (transport) => {
  it('no request is at a worker that may not have it, and none waits while one that may has room', {
    timeout: 120_000,
  }, async () => {
    const broker = await fixture.broker(transport);
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 10, maxLength: 40, size: 'max' }), async (actions) => {
        const caller = await fixture.raw(broker.url);
        const play = new Play(broker.url, caller);
        for (const one of actions) {
          await play.act(one);
          await play.check();
        }
        await play.close();
        await caller.close();
      }),
      { numRuns: thoroughly(5, 25) },
    );
  });
});
