import { beforeAll, describe, expect, it } from 'vitest';
import { startBroker } from '../../../src/broker/index.js';
import { ContentType } from '../../../src/codec/generated/modwire/content-type.js';
import { encodeUtf8 } from '../../../src/codec/utf8.js';
import type { RequestOptions } from '../../../src/index.js';
import { bucketTable } from '../../../src/routing/experiments/bucket-table.js';
import { CompiledExperiment } from '../../../src/routing/experiments/compiled-experiment.js';
import type { Experiment } from '../../../src/routing/experiments/experiment.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS, type TransportName } from '../../support/broker-fixture.js';
import {
  askExperiments,
  HALVES,
  putExperiment,
  serveVersion,
  userKeys,
  variantMet,
} from '../../support/experiments.js';
import { bfbsOf, payloadOf } from '../../support/flatc.js';
import { call, JSON_BODY } from '../../support/http-calls.js';
import * as calls from '../../support/raw-calls.js';
import { temporaryDirectory } from '../../support/registry-fixture.js';

const fixture = new BrokerFixture();

/** The variant of a key, worked out without a broker. */
function expected(key: string | Uint8Array | undefined, experiment: Experiment = HALVES): string {
  const compiled = new CompiledExperiment(experiment, bucketTable(experiment.variants));
  const { variant } = compiled.assign(typeof key === 'string' ? encodeUtf8(key) : key);
  return compiled.variants[variant]!.name;
}

/** A broker with an experiment, a worker of each version, and a caller. */
async function scene(transport: TransportName, experiment: Experiment = HALVES) {
  const broker = await fixture.broker(transport);
  await putExperiment(broker, experiment);
  const [one, two, caller] = [
    await fixture.client(broker.url),
    await fixture.client(broker.url),
    await fixture.client(broker.url),
  ];
  await serveVersion(one, '1.0.0');
  await serveVersion(two, '2.0.0');
  return { broker, one, two, caller };
}

const keyedBy = (key: string): Experiment => ({ ...HALVES, assign: { key, salt: 'ranker' } });

describe.each(TRANSPORTS)('requests of an experiment, over %s', (transport) => {
  it('go to the variant of their key, and without one to the default', async () => {
    const { caller } = await scene(transport);
    const met = await Promise.all(userKeys(200).map((key) => variantMet(caller, { key })));
    expect(met).toEqual(userKeys(200).map((key) => expected(key)));
    expect(new Set(met).size).toBe(2);
    expect(await variantMet(caller)).toBe('control');
    expect(await variantMet(caller, { key: '' })).toBe('control');
  });

  it('have their keys where the experiment says', async () => {
    const { broker, caller } = await scene(transport, keyedBy('header:User-Id'));
    const byHeader = (user: string): RequestOptions => ({
      headers: [
        ['Other', 'x'],
        ['User-Id', user],
      ],
    });
    const users = userKeys(50);
    for (const user of users) expect(await variantMet(caller, byHeader(user))).toBe(expected(user));
    expect(await variantMet(caller, { headers: [['user-id', 'user-0']] })).toBe('control');

    await putExperiment(broker, keyedBy('trace'));
    for (let index = 0; index < 50; index++) {
      const traceId = crypto.getRandomValues(new Uint8Array(16));
      const trace = { traceId, spanId: traceId.subarray(8), flags: 1 };
      expect(await variantMet(caller, { trace })).toBe(expected(traceId));
    }

    await putExperiment(broker, keyedBy('key-or-id'));
    const met = await Promise.all(users.map(() => variantMet(caller)));
    expect(new Set(met)).toEqual(new Set(['control', 'candidate']));
    for (const key of users) expect(await variantMet(caller, { key })).toBe(expected(key));
  });

  it('stay with the variant that they say, for as long as the experiment has it', async () => {
    const { broker, caller } = await scene(transport);
    const key = userKeys(100).find((one) => expected(one) === 'candidate')!;
    expect(await variantMet(caller, { key, experiment: 'ranker', variant: 'control' })).toBe('control');
    expect(await variantMet(caller, { experiment: 'ranker', variant: 'candidate' })).toBe('candidate');
    // Of another experiment, of no variant, of one that is not there.
    expect(await variantMet(caller, { key, experiment: 'other', variant: 'control' })).toBe('candidate');
    expect(await variantMet(caller, { key, variant: 'control' })).toBe('candidate');
    expect(await variantMet(caller, { key, experiment: 'ranker', variant: 'gone' })).toBe('candidate');
    const control = { name: 'control', version: '^1', weight: 100 };
    const candidate = { name: 'candidate', version: '^2', weight: 0 };
    await putExperiment(broker, { ...HALVES, variants: [control, candidate] });
    expect(await variantMet(caller, { key })).toBe('control');
    expect(await variantMet(caller, { key, experiment: 'ranker', variant: 'candidate' })).toBe('candidate');
    await putExperiment(broker, { ...HALVES, variants: [control] });
    expect(await variantMet(caller, { key, experiment: 'ranker', variant: 'candidate' })).toBe('control');
  });

  it('say what they said where there is no experiment, or none any more', async () => {
    const { broker, caller } = await scene(transport);
    const other = await fixture.client(broker.url);
    await other.serve('elsewhere', (_, { experiment, variant }) => ({ experiment, variant }));
    const sent = { experiment: 'upstream', variant: 'blue' };
    expect((await caller.request('elsewhere', {}, sent)).json()).toEqual(sent);
    expect((await caller.request('elsewhere', {})).json()).toEqual({});
    expect((await caller.request('models.ranker', {}, sent)).experiment).toBe('ranker');
    await askExperiments(broker, 'DELETE', 'ranker');
    expect((await caller.request('models.ranker', {}, sent)).experiment).toBe('upstream');
    expect((await caller.request('models.ranker', {})).variant).toBe(undefined);
  });

  it('may be answered by who knows better which variant it was', async () => {
    const { broker, one, caller } = await scene(transport);
    await putExperiment(broker, { ...HALVES, name: 'described', subject: 'described' });
    await one.serve('described', { version: '1.0.0' }, (request, context) =>
      context.reply(request.payload, request.json() as object),
    );
    const reply = await caller.request('described', { variant: 'blue' });
    expect([reply.experiment, reply.variant]).toEqual(['described', 'blue']);
    const other = await caller.request('described', { headers: [['a', 'b']] });
    expect([other.experiment, other.variant, other.headers]).toEqual(['described', 'control', [['a', 'b']]]);
  });

  it('are decided by the most specific of several filters', async () => {
    const { broker, caller, one } = await scene(transport, { ...HALVES, subject: 'models.>' });
    await putExperiment(broker, { ...HALVES, name: 'all', subject: 'models.*' });
    expect((await caller.request('models.ranker', {})).experiment).toBe('all');
    await serveVersion(one, '1.0.0', 'models.deep.one');
    expect((await caller.request('models.deep.one', {})).experiment).toBe('ranker');
    await putExperiment(broker, { ...HALVES, name: 'exact' });
    expect((await caller.request('models.ranker', {})).experiment).toBe('exact');
  });

  it('keep the variant of their key in streams and over HTTP', async () => {
    const { broker, one, two, caller } = await scene(transport);
    await one.serve('stream', { version: '1.0.0' }, async function* (_, { variant }) {
      yield variant;
    });
    await two.serve('stream', { version: '2.0.0' }, async function* (_, { variant }) {
      yield variant;
    });
    await putExperiment(broker, { ...HALVES, name: 'stream', subject: 'stream' });
    for (const key of userKeys(20)) {
      const variant = expected(key);
      for await (const part of caller.requestStream('stream', {}, { key })) {
        expect([part.json(), part.variant, part.experiment]).toEqual([variant, variant, 'stream']);
      }
      const answer = await call(broker, 'models.ranker', '{}', { ...JSON_BODY, 'Modwire-Key': key });
      expect(answer.headers).toMatchObject({ 'modwire-experiment': 'ranker', 'modwire-variant': variant });
      expect(JSON.parse(answer.body)).toMatchObject({ variant });
    }
  });

  it('meet their variant again when their worker is lost, and when they are hedged', async () => {
    const broker = await fixture.broker(transport);
    await putExperiment(broker);
    const seen: string[] = [];
    for (const version of ['1.0.0', '2.0.0']) {
      const lost = await fixture.client(broker.url, { reconnect: false });
      const slow = await fixture.client(broker.url);
      const good = await fixture.client(broker.url);
      await lost.serve('models.ranker', { version }, (_, { variant }) => {
        seen.push(`lost ${variant}`);
        void lost.close();
        return new Promise(() => undefined);
      });
      await slow.serve('models.ranker', { version }, (_, { variant }) => {
        seen.push(`slow ${variant}`);
        return new Promise(() => undefined);
      });
      await good.serve('models.ranker', { version, concurrency: 64 }, (_, { variant, experiment }) => {
        seen.push(`good ${variant}`);
        return { version, experiment, variant };
      });
    }
    const caller = await fixture.client(broker.url, { hedge: { delayMs: 5 } });
    const keys = userKeys(20);
    for (const key of keys) {
      expect(await variantMet(caller, { key, idempotent: true })).toBe(expected(key));
    }
    // Each version has lost a worker, and has had a slow one hold a request.
    for (const variant of ['control', 'candidate']) {
      expect(seen).toEqual(expect.arrayContaining([`lost ${variant}`, `slow ${variant}`]));
    }
    expect(caller.calls.hedges).toBeGreaterThan(0);
  });

  it('agree on the trace in all attempts, though the first of them begins it', async () => {
    const { caller, one, two } = await scene(transport, { ...keyedBy('trace'), subject: 'hedged' });
    const seen: string[][] = [];
    for (const [client, version] of [
      [one, '1.0.0'],
      [two, '2.0.0'],
    ] as const) {
      await client.serve('hedged', { version, concurrency: 64 }, async (request, { variant }) => {
        seen[request.json() as number]!.push(variant!);
        await new Promise((resolve) => setTimeout(resolve, 30));
        return variant;
      });
    }
    for (let index = 0; index < 20; index++) {
      seen[index] = [];
      await caller.request('hedged', index, { idempotent: true, hedge: { delayMs: 2 } });
    }
    const hedged = seen.filter(({ length }) => length > 1);
    expect(hedged.length).toBeGreaterThan(0);
    for (const variants of hedged) expect(new Set(variants).size).toBe(1);
    expect(new Set(seen.flat()).size).toBe(2);
  });

  it('have the variant of their key after a reconnect, and after a restart of the broker', async () => {
    const dataDir = await temporaryDirectory();
    const first = await startBroker({ port: 0, transport, dataDir, limits: { startupGraceMs: 0 } });
    const { port } = first;
    await putExperiment(first);
    for (const version of ['1.0.0', '2.0.0']) {
      await serveVersion(await fixture.client(first.url), version);
    }
    const caller = await fixture.client(first.url);
    const keys = userKeys(50);
    const meet = () => Promise.all(keys.map((key) => variantMet(caller, { key })));
    const before = await meet();
    expect(before).toEqual(keys.map((key) => expected(key)));
    await first.close();
    const second = await fixture.broker(transport, {}, { port, dataDir });
    await eventually(
      'all are back',
      () => second.stats().calls.workers === 2 && second.stats().sessions === 3,
    );
    expect(await meet()).toEqual(before);
  });

  it('of 20,000 keys have the shares of the weights', async () => {
    const experiment: Experiment = {
      ...{ ...HALVES, default: 'a' },
      variants: [
        { name: 'a', weight: 70 },
        { name: 'b', weight: 20 },
        { name: 'c', weight: 9.5 },
        { name: 'd', weight: 0.5 },
      ],
    };
    const broker = await fixture.broker(transport);
    await putExperiment(broker, experiment);
    const worker = await fixture.client(broker.url);
    const counts: Record<string, number> = { a: 0, b: 0, c: 0, d: 0 };
    await worker.serve('models.ranker', { concurrency: 256 }, (_, { variant }) => {
      counts[variant!]!++;
    });
    const caller = await fixture.client(broker.url);
    const total = 20_000;
    for (let at = 0; at < total; at += 200) {
      const keys = Array.from({ length: 200 }, (_, index) => `user-${at + index}`);
      await Promise.all(keys.map((key) => caller.request('models.ranker', {}, { key })));
    }
    for (const { name, weight } of experiment.variants) {
      const share = weight / 100;
      const sigma = Math.sqrt(total * share * (1 - share));
      expect(Math.abs(counts[name]! - total * share)).toBeLessThan(3 * sigma);
    }
  });
});

const ASK = {
  v1: 'table User { id:ulong; } table Ask { user:User; } root_type Ask;',
  /** Another field, by which nothing is read in the first one. */
  v2: 'table User { id:ulong; name:string; } table Ask { user:User; note:string; } root_type Ask;',
};

describe.each(TRANSPORTS)('requests with their key in the payload, over %s', (transport) => {
  let bfbs: Record<keyof typeof ASK, Uint8Array>;

  beforeAll(async () => {
    bfbs = { v1: await bfbsOf(ASK.v1), v2: await bfbsOf(ASK.v2) };
  });

  async function bound(path: string, limits = {}) {
    const broker = await fixture.broker(transport, limits);
    const { registry } = broker;
    for (const version of ['v1', 'v2'] as const) {
      await registry.register({ contract: 'asks', bfbs: bfbs[version] });
    }
    await registry.bind({ pattern: 'models.ranker', use: 'request', contract: 'asks' });
    await putExperiment(broker, keyedBy(`payload:${path}`));
    const [one, two] = [await fixture.client(broker.url), await fixture.client(broker.url)];
    await serveVersion(one, '1.0.0');
    await serveVersion(two, '2.0.0');
    const caller = await fixture.client(broker.url);
    const versions = registry.contract('asks')!.versions;
    const options = (version: keyof typeof ASK): RequestOptions => ({
      contentType: ContentType.flatbuffer,
      schemaId: new Uint8Array(Buffer.from(versions[version === 'v1' ? 0 : 1]!.schemaId, 'hex')),
    });
    const ask = async (version: keyof typeof ASK, value: unknown) =>
      (await caller.request('models.ranker', await payloadOf(ASK[version], value), options(version))).variant;
    return { broker, ask, caller };
  }

  it('go to its variant, whichever version they are of', async () => {
    const { ask, broker } = await bound('user.id');
    for (let id = 1; id <= 20; id++) {
      expect(await ask('v1', { user: { id } })).toBe(expected(String(id)));
      expect(await ask('v2', { user: { id, name: 'x' } })).toBe(expected(String(id)));
      const body = JSON.stringify({ user: { id: String(id) } });
      const { headers } = await call(broker, 'models.ranker', body);
      expect(headers['modwire-variant']).toBe(expected(String(id)));
    }
    expect(await ask('v1', {})).toBe('control');
  });

  it('go to the default where their version has no such field, or nothing is verified any more', async () => {
    const { ask, broker, caller } = await bound('user.name');
    const name = userKeys(50).find((one) => expected(one) === 'candidate')!;
    expect(await ask('v2', { user: { name } })).toBe('candidate');
    expect(await ask('v1', { user: { id: 1 } })).toBe('control');
    await broker.registry.unbind('models.ranker', 'request');
    expect(await ask('v2', { user: { name } })).toBe('control');
    // Would be read out of bounds.
    const hostile = new Uint8Array([0xff, 0xff, 0xff, 0x7f]);
    expect((await caller.request('models.ranker', hostile)).variant).toBe('control');
  });

  it('are assigned when the pool has verified them, where they are large', async () => {
    const { ask } = await bound('user.name', { offloadBytes: 1_024 });
    const note = 'x'.repeat(4_000);
    for (const name of userKeys(10)) {
      expect(await ask('v2', { user: { name }, note })).toBe(expected(name));
    }
  });
});

describe.each(TRANSPORTS)('frames of requests of an experiment, over %s', (transport) => {
  it('say experiment and variant to the worker, and all else that they said', async () => {
    const broker = await fixture.broker(transport);
    await putExperiment(broker);
    const [worker, caller] = [await fixture.raw(broker.url), await fixture.raw(broker.url)];
    await calls.serve(worker, { subject: 'models.ranker', version: '1.0.0' });
    const fields = {
      ...{ payload: encodeUtf8('{"x":1}'), priority: 3, baggage: 'a=b', tracestate: 'c=d' },
      headers: [['tenant', 'acme']] as const,
      assignmentKey: userKeys(99).find((key) => expected(key) === 'control')!,
    };
    const id = calls.request(caller, 'models.ranker', fields);
    const asked = await calls.nextHanded(worker);
    expect([asked.id, asked.subject, asked.text()]).toEqual([id, 'models.ranker', '{"x":1}']);
    const { priority, baggage, tracestate, headers, assignmentKey, experiment, variant } = asked;
    expect({ priority, baggage, tracestate, headers, assignmentKey }).toEqual({
      ...{ priority: 3, baggage: 'a=b', tracestate: 'c=d' },
      ...{ headers: [['tenant', 'acme']], assignmentKey: fields.assignmentKey },
    });
    expect([experiment, variant, asked.sequence]).toEqual(['ranker', 'control', 1]);
    calls.reply(worker, asked);
    expect(await calls.endOf(caller, id)).toBe('reply');
  });
});
