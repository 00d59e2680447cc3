import { afterEach, describe, expect, it } from 'vitest';
import { type Client, connect } from '../../../src/index.js';
import { TRANSPORTS } from '../../support/transports.js';
import { cleanUp, serve } from '../cli-process.js';

afterEach(cleanUp);

/** Publishes without a pause until the broker says goodbye; resolves with how many messages that were. */
async function publishUntilGoodbye(client: Client, subject: string, begun: () => void): Promise<number> {
  let published = 0;
  let goodbye = false;
  client.on('goodbye', () => {
    goodbye = true;
  });
  while (!goodbye) {
    for (let count = 0; count < 100; count++) client.publish(subject, { number: ++published });
    if (published === 5_000) begun();
    await client.ready();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return published;
}

describe.each(TRANSPORTS)('SIGTERM on the transport %s', (transport) => {
  it('loses nothing that is under way: every message arrives, every acknowledgement too, and it exits with 0', async () => {
    // The test ends long before the drain would be cut short.
    const { process, url } = await serve(['--transport', transport, '--drain-ms', '10m']);
    const [publisher, acknowledged, subscriber] = await Promise.all(
      [1, 2, 3].map(() => connect(url, { reconnect: false })),
    );
    const numbers: number[] = [];
    const gaps: unknown[] = [];
    subscriber!.on('gap', (gap) => gaps.push(gap));
    await subscriber!.subscribe('flow', (frame) => numbers.push((frame.json() as { number: number }).number));
    const closed = new Promise<void>((resolve) => subscriber!.on('close', resolve));

    const acks: Promise<unknown>[] = [];
    acknowledged!.on('goodbye', () => clearInterval(timer));
    const timer = setInterval(() => {
      for (let count = 0; count < 10; count++)
        acks.push(acknowledged!.publish('acked', count, { ack: true }));
    }, 1);
    const published = await publishUntilGoodbye(publisher!, 'flow', () => process.child.kill('SIGTERM'));

    expect(await process.exit).toEqual({ code: 0, signal: null });
    expect(process.errors).toEqual(['draining: 3 sessions, at most 10m', 'stopped']);
    await closed;
    expect(numbers).toEqual(Array.from({ length: published }, (_, index) => index + 1));
    expect(gaps).toEqual([]);
    expect(acks.length).toBeGreaterThan(0);
    await Promise.all(acks);
  });
});
