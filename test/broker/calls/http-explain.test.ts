import { describe, expect, it } from 'vitest';
import type { CallExplanation } from '../../../src/index.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { call, EVENTS, errorOf, eventsOf } from '../../support/http-calls.js';
import * as calls from '../../support/raw-calls.js';

const fixture = new BrokerFixture();
const EXPLAIN = { 'Modwire-Explain': '1' };

function told({ headers }: { headers: Record<string, unknown> }): CallExplanation {
  return JSON.parse(String(headers['modwire-explanation'])) as CallExplanation;
}

describe.each(TRANSPORTS)('Modwire-Explain over %s', (transport) => {
  it('has a header of the reply say why it came from there, in ASCII', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url, { name: 'größe' });
    await calls.serve(worker);
    const answer = call(broker, 's', '{}', EXPLAIN);
    calls.reply(worker, await calls.nextHanded(worker), { payload: new Uint8Array(1) });
    const { status, headers } = await answer;
    expect([status, told({ headers }).attempts[0]!.worker]).toMatchObject([200, { name: 'größe' }]);
    expect(headers['modwire-explanation']).toMatch(/^[\x20-\x7e]*gr\\u00f6\\u00dfe[\x20-\x7e]*$/);
    const plain = call(broker, 's', '{}', { 'Modwire-Explain': '0' });
    calls.reply(worker, await calls.nextHanded(worker, 2));
    expect((await plain).headers).not.toHaveProperty('modwire-explanation');
  });

  it('says the same of an error', async () => {
    const broker = await fixture.broker(transport);
    const answer = await call(broker, 's', '{}', EXPLAIN);
    expect([answer.status, errorOf(answer)[1], told(answer).outcome]).toEqual([
      ...[503, 'NO_RESPONDERS', 'NO_RESPONDERS'],
    ]);
    expect(errorOf(await call(broker, 's', '{}', { 'Modwire-Explain': 'please' }))).toEqual([
      ...[400, 'INVALID_ARGUMENT', expect.stringContaining('Modwire-Explain')],
    ]);
  });

  it('leaves out candidates where they are too many for a header', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url, { name: 'w'.repeat(200) });
    for (let service = 1; service <= 70; service++) await calls.serve(worker, { service });
    const answer = call(broker, 's', '{}', EXPLAIN);
    calls.reply(worker, await calls.nextHanded(worker), { payload: new Uint8Array(1) });
    const { attempts } = told(await answer);
    expect(attempts).toMatchObject([{ candidates: [], unnamed: 70, outcome: 'reply' }]);
  });

  it('sends an event before the end of a stream, or before the error that ends it', async () => {
    const broker = await fixture.broker(transport);
    const worker = await fixture.raw(broker.url);
    await calls.serve(worker);
    for (const [count, isGood] of [true, false].entries()) {
      const answer = call(broker, 's', '{}', { ...EVENTS, ...EXPLAIN });
      const asked = await calls.nextHanded(worker, count + 1);
      calls.replyPart(worker, asked, { payload: new Uint8Array(1) });
      if (isGood) calls.reply(worker, asked);
      else calls.fail(worker, asked, 'INTERNAL');
      const events = eventsOf((await answer).body);
      expect(events.map(({ event }) => event)).toEqual(['bytes', 'explanation', isGood ? 'end' : 'error']);
      expect(JSON.parse(events[1]!.data)).toMatchObject({ outcome: isGood ? 'reply' : 'INTERNAL' });
    }
  });

  it('is answered by models of the Open Inference Protocol, too', async () => {
    const broker = await fixture.broker(transport);
    const answer = await ask(broker.port, '/v2/models/ranker/infer', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...EXPLAIN },
      body: '{"inputs":[]}',
    });
    expect([answer.status, told(answer).outcome]).toEqual([404, 'NO_RESPONDERS']);
  });
});
