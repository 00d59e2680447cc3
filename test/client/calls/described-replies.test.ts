import { describe, expect, it } from 'vitest';
import { ContentType, type PlainHandler } from '../../../src/index.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { call, EVENTS, eventsOf } from '../../support/http-calls.js';
import { orderVersion } from '../../support/order-contracts.js';

const fixture = new BrokerFixture();

/** JSON that reading and writing would change. */
const JSON_TEXT = '{"n": 12345678901234567890, "n": 1.0}';
const JSON_BYTES = new TextEncoder().encode(JSON_TEXT);
const SCHEMA_ID = new Uint8Array(16).fill(7);

const json: PlainHandler = (_, context) => context.reply(JSON_BYTES, { contentType: ContentType.json });

describe.each(TRANSPORTS)('replies that say more than their payload, over %s', (transport) => {
  async function pair() {
    const broker = await fixture.broker(transport);
    return { broker, worker: await fixture.client(broker.url), caller: await fixture.client(broker.url) };
  }

  it('have their content type, schema, headers, experiment and variant', async () => {
    const { worker, caller } = await pair();
    await worker.serve('a', (_, context) =>
      context.reply(JSON_BYTES, {
        ...{ contentType: ContentType.flatbuffer, schemaId: SCHEMA_ID },
        ...{ headers: [['h', 'v']], experiment: 'ranker-7', variant: 'b' },
      }),
    );
    const { frame } = await caller.request('a', 1);
    expect(frame).toMatchObject({
      ...{ contentType: ContentType.flatbuffer, schemaId: SCHEMA_ID, payload: JSON_BYTES },
      ...{ headers: [['h', 'v']], experiment: 'ranker-7', variant: 'b' },
    });
  });

  it('may be promised, of values that become JSON, and without a payload', async () => {
    const { worker, caller } = await pair();
    await worker.serve('value', async (_, context) => context.reply({ a: 1 }, { variant: 'b' }));
    await worker.serve('empty', (_, context) => context.reply(new Uint8Array(0), { variant: 'c' }));
    const value = await caller.request('value', 1);
    expect([value.json(), value.frame.contentType, value.frame.variant]).toEqual([
      ...[{ a: 1 }, ContentType.json, 'b'],
    ]);
    const empty = await caller.request('empty', 1);
    expect([empty.payload.length, empty.frame.variant]).toEqual([0, 'c']);
  });

  it('may stand among the others of a stream', async () => {
    const { worker, caller } = await pair();
    await worker.serve('a', async function* (_, context) {
      yield JSON_BYTES;
      yield context.reply(JSON_BYTES, { contentType: ContentType.json });
      yield context.reply(JSON_BYTES, { contentType: ContentType.tensor });
      yield JSON_BYTES;
    });
    const types: number[] = [];
    for await (const { frame } of caller.requestStream('a', 1)) types.push(frame.contentType);
    const { bytes, json, tensor } = ContentType;
    expect(types).toEqual([bytes, json, tensor, bytes]);
  });

  it('answer their own request, whatever else a handler says', async () => {
    const { worker, caller } = await pair();
    await worker.serve('a', (_, context) => context.reply(1, { correlationId: SCHEMA_ID } as never));
    expect((await caller.request('a', 1)).json()).toBe(1);
  });

  it('that are not valid, or stand in for the value of a contract, are INTERNAL', async () => {
    const { worker, caller } = await pair();
    const { contract } = await orderVersion('v1');
    const errors: unknown[] = [];
    worker.on('error', (error) => errors.push(error));
    await worker.serve('type', (_, context) => context.reply(JSON_BYTES, { contentType: 77 as never }));
    await worker.serve('contract', { reply: contract }, ((_: unknown, context: never) =>
      json(undefined as never, context)) as never);
    for (const subject of ['type', 'contract']) {
      await expect(caller.request(subject, 1)).rejects.toMatchObject({ code: 'INTERNAL' });
    }
    expect(errors).toHaveLength(2);
  });

  it('are answered over HTTP as what they are, byte for byte', async () => {
    const { broker, worker } = await pair();
    await worker.serve('json', json);
    await worker.serve('bytes', () => JSON_BYTES);
    await worker.serve('stream', async function* (request, context) {
      yield json(request, context) as object;
    });
    const typeOf = async (subject: string) => {
      const { status, headers, body } = await call(broker, subject);
      return [status, headers['content-type'], body];
    };
    expect(await typeOf('json')).toEqual([200, 'application/json', JSON_TEXT]);
    expect(await typeOf('bytes')).toEqual([200, 'application/octet-stream', JSON_TEXT]);
    const events = eventsOf((await call(broker, 'stream', '{}', EVENTS)).body);
    expect(events).toEqual([
      { event: 'message', data: JSON_TEXT },
      { event: 'end', data: '{}' },
    ]);
  });
});
