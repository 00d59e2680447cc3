import { describe, expect, it } from 'vitest';
import type { CallExplanation, ModwireError } from '../../../src/index.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { nextHanded } from '../../support/raw-calls.js';

const fixture = new BrokerFixture();

describe.each(TRANSPORTS)('a request over %s with explain', (transport) => {
  async function scene() {
    const broker = await fixture.broker(transport);
    const worker = await fixture.client(broker.url, { name: 'worker' });
    const caller = await fixture.client(broker.url);
    return { broker, worker, caller };
  }

  it('has a reply that says why it came from there; others have one that does not', async () => {
    const { worker, caller } = await scene();
    await worker.serve('s', { version: '1.0.0' }, () => 1);
    const { explanation } = await caller.request('s', 1, { explain: true });
    expect(explanation).toMatchObject({
      ...{ subject: 's', outcome: 'reply' },
      attempts: [{ worker: { name: 'worker', version: '1.0.0' } }],
    });
    expect((await caller.request('s', 1)).explanation).toBeUndefined();
    expect((await caller.request('s', 1, { explain: false })).explanation).toBeUndefined();
  });

  it('tells a function of each attempt, before its outcome, also where it failed', async () => {
    const { worker, caller } = await scene();
    let calls = 0;
    await worker.serve('s', (_, context) => {
      if (++calls === 1) context.reject('not yet');
      return 1;
    });
    const told: CallExplanation[] = [];
    const explain = (one: CallExplanation) => told.push(one);
    const retry = { firstMs: 1 };
    const reply = await caller.request('s', 1, { explain, retry });
    expect(told.map(({ outcome }) => outcome)).toEqual(['REJECTED', 'reply']);
    expect(reply.explanation).toBe(told[1]);
    const failed = caller.request('nobody', 1, { explain }).catch(({ code }: ModwireError) => code);
    expect([await failed, told[2]!.outcome, told[2]!.attempts[0]!.worker]).toEqual([
      ...['NO_RESPONDERS', 'NO_RESPONDERS', null],
    ]);
  });

  it('of a stream tells a function before its end', async () => {
    const { worker, caller } = await scene();
    await worker.serve('s', async function* () {
      yield 1;
      yield 2;
    });
    const told: string[] = [];
    for await (const reply of caller.requestStream('s', 1, {
      explain: ({ outcome }) => told.push(outcome),
    })) {
      told.push(String(reply.json()));
    }
    expect(told.sort()).toEqual(['1', '2', 'reply']);
  });

  it('goes on when the function throws, which is an error event', async () => {
    const { worker, caller } = await scene();
    await worker.serve('s', () => 1);
    const errors: string[] = [];
    caller.on('error', ({ message }) => errors.push(message));
    const explain = () => {
      throw new Error('from the function');
    };
    expect((await caller.request('s', 1, { explain })).json()).toBe(1);
    expect(errors).toEqual([expect.stringContaining('from the function')]);
  });

  it('made on account of a copy says so to its worker', async () => {
    const { broker, worker, caller } = await scene();
    const behind = await fixture.raw(broker.url);
    behind.control({
      ...({
        type: 'serve',
        service: 1,
        subject: 'behind',
        group: '',
        skipHistory: false,
        version: '',
        concurrency: 1,
        policy: 0,
      } as const),
      reads: [],
    });
    await behind.next('serving');
    await worker.serve('s', async (_, context) => {
      await worker
        .request('behind', 1, { ...context.requestOptions(), timeoutMs: 200 })
        .catch(() => undefined);
      return context.mirrored;
    });
    expect((await caller.request('s', 1, { mirrored: true })).json()).toBe(true);
    expect((await nextHanded(behind)).flags).toBe(8);
    expect((await caller.request('s', 1)).json()).toBe(false);
  });
});
