import { afterEach, describe, expect, it } from 'vitest';
import type { CounterfactualReportJson } from '../../../src/cli/streams/counterfactual-report.js';
import { ReplySchemas } from '../../../src/cli/streams/reply-schemas.js';
import type { CallContext, Client, FrameView, ReplyOptions } from '../../../src/index.js';
import { ContentType } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { payloadOf } from '../../support/flatc.js';
import { ORDER, ORDERS, register } from '../../support/order-schemas.js';
import { cleanUp, folder } from '../cli-process.js';
import { runHere } from '../run-here.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

type Answer = ReplyOptions & { readonly payload: Uint8Array };

/** A stream that records calls of `models.order`, and the schemas of orders. */
async function scene() {
  const broker = await fixture.broker('ws');
  const kinds = ['request', 'reply'];
  await broker.streams.create({ name: 'calls', filters: ['models.>'], kinds, storage: 'memory' });
  const v1 = await register(broker, 'orders', ORDERS.v1, ORDER);
  const v2 = await register(broker, 'orders', ORDERS.v2, { ...ORDER, total: 2.5 });
  const client = await fixture.client(broker.url);
  const serve = async (version: string, { payload, ...options }: Answer) => {
    const worker = await fixture.client(broker.url);
    const answer = (_: unknown, context: CallContext) => context.reply(payload, options);
    return worker.serve('models.order', { version }, answer);
  };
  /** Version 1 of the service answers `count` requests, which are recorded. */
  const recorded = async (count: number, answer: Answer): Promise<FrameView[]> => {
    await serve('1.0.0', answer);
    for (let n = 1; n <= count; n++) await client.request('models.order', n);
    await eventually('all recorded', () => broker.streams.get('calls').info.records === 2 * count);
    const replies: FrameView[] = [];
    for await (const { frame } of await client.readStream('calls', { to: 'end' }))
      if (frame.schemaId !== undefined) replies.push(frame);
    return replies;
  };
  /** What differs where version 2 gives another answer. */
  const against = async (answer: Answer) => {
    await serve('2.0.0', answer);
    const args = ['streams', 'replay', 'calls', '--against', '^2', '--json'];
    const { code, lines } = await runHere(args, { cwd: folder(), env: { MODWIRE_URL: broker.url } });
    const { differences } = JSON.parse(lines[0]!) as CounterfactualReportJson;
    return { code, paths: differences.paths.map(({ path, differing }) => [path, differing]) };
  };
  return { broker, client, v1, v2, recorded, against };
}

/** Asks for schemas as a client does, and keeps which. */
class Asking implements Pick<Client, 'resolve'> {
  readonly asked: unknown[] = [];
  client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  resolve(id: Uint8Array | string) {
    this.asked.push(id);
    return this.client.resolve(id);
  }
}

describe('replies with a contract', () => {
  it('are compared field by field in a replay, across versions of it', async () => {
    const { v1, v2, recorded, against } = await scene();
    await recorded(2, v1.fields);
    expect(await against(v2.fields)).toEqual({ code: 26, paths: [['total', 2]] });
  });

  it('are the same where their fields are, whatever their bytes', async () => {
    const { v1, v2, recorded, against } = await scene();
    await recorded(2, v1.fields);
    const payload = Uint8Array.of(...v1.payload, ...new Uint8Array(8));
    expect(await against({ ...v2.fields, payload })).toEqual({ code: 0, paths: [] });
  });

  it('are bytes where the broker does not know their schema', async () => {
    const { v1, recorded, against } = await scene();
    const unknown = { ...v1.fields, schemaId: new Uint8Array(16).fill(7) };
    await recorded(1, unknown);
    const payload = await payloadOf(ORDERS.v1, { ...ORDER, total: 2.5 });
    expect(await against({ ...unknown, payload })).toEqual({ code: 26, paths: [['payload', 1]] });
  });

  it('have each schema asked for once, and again when that failed', async () => {
    const { broker, client, v1, recorded } = await scene();
    const replies = await recorded(3, v1.fields);
    const gone = await fixture.client(broker.url);
    await gone.close();
    const asking = new Asking(gone);
    const schemas = new ReplySchemas(asking);
    await expect(schemas.readAll(replies)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(asking.asked).toEqual([v1.schemaId]);
    asking.client = client;
    const [first, ...others] = [...(await schemas.readAll(replies)), ...(await schemas.readAll(replies))];
    expect(asking.asked).toEqual([v1.schemaId, v1.schemaId]);
    expect(first).toMatchObject({ contentType: ContentType.flatbuffer, payload: v1.payload });
    expect(first!.schema!.schema.objects[first!.schema!.root]!.name).toBe('shop.Order');
    for (const { schema } of others) expect(schema).toBe(first!.schema);
  });
});
