import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Client, ModwireError } from '../../../src/index.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { MuteProxy } from '../../support/broker-mute-proxy.js';

const fixture = new BrokerFixture();

const REQUESTS = 1_500;
const ROUNDS = 12;
/** What a worker may do with a request, in turn. */
const DEEDS = ['reply', 'later', 'stream', 'reject', 'fail', 'hang'] as const;

interface Asked {
  readonly number: number;
  readonly deed: (typeof DEEDS)[number];
}

/** Does what it is asked; what has been rejected once is answered by the next. */
async function serveAll(worker: Client): Promise<void> {
  await worker.serve('storm', { concurrency: 512 }, (request, context) => {
    const { number, deed } = request.json() as Asked;
    switch (deed) {
      case 'reply':
        return number;
      case 'later':
        return delay(number % 7).then(() => number);
      case 'stream':
        return (async function* () {
          for (let part = 0; part < 100; part++) yield number;
        })();
      case 'reject':
        if (context.attempt === 1) context.reject('not here');
        return number;
      case 'fail':
        throw new ModwireError('NOT_FOUND', 'no such thing');
      case 'hang':
        return new Promise((resolve) => context.signal.addEventListener('abort', () => resolve(number)));
    }
  });
}

/** One word for what became of it; throws when it was answered with something else than its own. */
async function outcomeOf(caller: Client, asked: Asked): Promise<string> {
  const options = { idempotent: asked.number % 2 === 0, timeoutMs: 1_000, retry: { noResponders: true } };
  try {
    if (asked.deed !== 'stream') {
      expect((await caller.request('storm', asked, options)).json()).toBe(asked.number);
      return 'replied';
    }
    let parts = 0;
    for await (const reply of caller.requestStream('storm', asked, options)) {
      expect(reply.json()).toBe(asked.number);
      parts++;
    }
    expect(parts).toBe(100);
    return 'streamed';
  } catch (thrown) {
    if (thrown instanceof ModwireError) return thrown.code;
    throw thrown;
  }
}

test.each(TRANSPORTS)(
  'while connections break again and again over %s every request has one outcome, its own, and nothing is left behind',
  async (transport) => {
    const broker = await fixture.broker(transport);
    const proxies: MuteProxy[] = [];
    for (let index = 0; index < 4; index++) proxies.push(fixture.closing(await MuteProxy.start(broker.port)));
    const clients: Client[] = [];
    for (const { url } of proxies) clients.push(await fixture.client(url));
    const [caller, ...workers] = clients as [Client, ...Client[]];
    await Promise.all(workers.map(serveAll));
    const outcomes: string[] = [];
    let settled = 0;
    const all: Promise<void>[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (let number = round; number < REQUESTS; number += ROUNDS) {
        const deed = DEEDS[Math.floor(number / ROUNDS) % DEEDS.length]!;
        const outcome = outcomeOf(caller, { number, deed });
        all.push(
          outcome.then((word) => {
            settled++;
            outcomes.push(word);
          }),
        );
      }
      await delay(15);
      proxies[round % proxies.length]!.drop();
    }
    await Promise.all(all);
    expect(settled).toBe(REQUESTS);
    const allowed = ['replied', 'streamed', 'NOT_FOUND', 'DEADLINE_EXCEEDED', 'UNAVAILABLE'];
    // Where all workers were away, or had rejected it.
    allowed.push('NO_RESPONDERS', 'REJECTED', 'RESOURCE_EXHAUSTED');
    expect(outcomes.filter((word) => !allowed.includes(word))).toEqual([]);
    // Of those that hang and are not idempotent some were under way at every break.
    expect(outcomes).toContain('UNAVAILABLE');
    expect(caller.calls).toMatchObject({ requests: 0, alarms: 0 });
    await eventually('the ends of all handlers', () => workers.every(({ calls }) => calls.serving === 0));
    expect(workers.map(({ calls }) => calls.alarms)).toEqual([0, 0, 0]);
    await eventually('all connections', () => clients.every(({ connected }) => connected));
    await Promise.all(clients.map((client) => client.flush()));
    const calm = await Promise.all(DEEDS.map((deed, number) => outcomeOf(caller, { number, deed })));
    expect(calm).toEqual(['replied', 'replied', 'streamed', 'replied', 'NOT_FOUND', 'DEADLINE_EXCEEDED']);
  },
);
