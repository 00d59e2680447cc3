import { describe, expect, it } from 'vitest';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { ScriptedBroker } from '../../support/scripted-broker.js';

const fixture = new BrokerFixture();

/** A broker that answers every operation with its name and what it was given, and a client of it. */
async function scene() {
  const broker = fixture.closing(await ScriptedBroker.start());
  broker.answer = (message) => {
    if (message.type !== 'manage') return [];
    const { call, operation, json } = message;
    const asked = [operation, JSON.parse(json)];
    const told = { asked, streams: asked, consumers: asked, removed: asked };
    return [{ type: 'managed', call, json: JSON.stringify(told) }];
  };
  return { broker, client: await fixture.client(broker.url) };
}

describe('the management of streams', () => {
  it('asks for each operation by its name, with what it needs, and resolves to the answer', async () => {
    const { client } = await scene();
    const { streams } = client;
    const { consumers } = streams;
    const config = { name: 'log', filters: ['a.>'], retention: { maxAgeMs: 1 } };
    const consumer = { name: 'c', ackWaitMs: 5 };
    const answers = await Promise.all([
      streams.create(config),
      streams.info('log'),
      streams.update('log', { dedupMs: 5 }),
      streams.remove('log'),
      consumers.create('log', consumer),
      consumers.info('log', 'c'),
      consumers.update('log', consumer),
      consumers.pause('log', 'c', { until: 7 }),
      consumers.resume('log', 'c'),
      consumers.remove('log', 'c'),
    ]);
    const named = { stream: 'log', name: 'c' };
    expect(answers.map((answer) => (answer as unknown as { asked: unknown }).asked)).toEqual([
      ['streams.create', config],
      ['streams.info', { name: 'log' }],
      ['streams.update', { name: 'log', dedupMs: 5 }],
      ['streams.remove', { name: 'log' }],
      ['consumers.create', { ...consumer, stream: 'log' }],
      ['consumers.info', named],
      ['consumers.update', { ...consumer, stream: 'log' }],
      ['consumers.pause', { ...named, until: 7 }],
      ['consumers.resume', named],
      ['consumers.remove', named],
    ]);
    expect(await streams.list()).toEqual(['streams.list', {}]);
    expect(await consumers.list('log')).toEqual(['consumers.list', { stream: 'log' }]);
    const purge = { filter: 'a.*', before: 3, keep: 1 };
    expect(await streams.purge('log', purge)).toEqual(['streams.purge', { name: 'log', ...purge }]);
  });

  it('rejects with what the broker says, for an answer that is none, and when the connection is lost', async () => {
    const { broker, client } = await scene();
    client.on('error', () => undefined);
    broker.answer = (message) =>
      message.type === 'manage' ? [{ type: 'failure', call: message.call, code: 5, message: 'no such' }] : [];
    await expect(client.streams.info('x')).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'no such' });
    broker.answer = (message) =>
      message.type === 'manage' ? [{ type: 'managed', call: message.call, json: '{' }] : [];
    await expect(client.streams.info('x')).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' });
    broker.answer = () => [];
    const lost = client.streams.info('x');
    const signal = AbortSignal.abort();
    await expect(client.streams.info('x', { signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    broker.drop();
    await expect(lost).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(client.streams.info('x')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await client.close();
    await expect(client.streams.info('x')).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });
});
