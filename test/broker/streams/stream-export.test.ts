import { describe, expect, it } from 'vitest';
import { StreamExport } from '../../../src/broker/streams/stream-export.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An export of `count` messages of 20 KB that goes to a sink which takes what `takes` says. */
async function scene(count: number, takes: () => boolean) {
  const broker = await fixture.broker(TRANSPORTS[0]!);
  const { config } = await broker.streams.create({ name: 'a', filters: ['a'], storage: 'memory' });
  const client = await fixture.client(broker.url);
  for (let n = 0; n < count; n++) client.publish('a', new Uint8Array(20_000).fill(n));
  await client.flush();
  const log = broker.streams.logOf('a');
  const gone = new AbortController();
  const head = { stream: config, from: 1, to: log.lastOffset, filter: '>' };
  const stream = new StreamExport({ head, gone: gone.signal, log: () => log });
  const written: Uint8Array[] = [];
  let ended = false;
  const sink = {
    write: (bit: string | Uint8Array) => {
      written.push(bit as Uint8Array);
      return takes();
    },
    end: () => {
      ended = true;
    },
  };
  stream.start(sink);
  const bytes = () => written.reduce((sum, bit) => sum + bit.length, 0);
  return { stream, gone, written, bytes, hasEnded: () => ended };
}

describe('a stream on its way to a reader', () => {
  it('is not read further than the reader takes', async () => {
    const { stream, bytes, hasEnded } = await scene(100, () => false);
    for (let count = 1; count < 5; count++) {
      for (let turns = 0; turns < 10; turns++) await turn();
      expect(bytes()).toBeLessThan(count * 256 * 1024);
      expect(hasEnded()).toBe(false);
      stream.drained();
    }
  });

  it('is whole in whatever bits it goes, those included that make a transport go on', async () => {
    let writes = 0;
    const all = await scene(60, () => true);
    await all.stream.ended;
    const { stream, written } = await scene(60, () => ++writes % 2 === 0);
    let isOver = false;
    void stream.ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      if (writes % 2 === 1) {
        written.push(stream.nudge());
        stream.drained();
      }
      await turn();
    }
    // Ids and times differ.
    expect(Buffer.concat(written).length).toBe(Buffer.concat(all.written).length);
    expect(written.some((bit) => bit.length <= 512 && bit.length > 0)).toBe(true);
  });

  it('ends when its reader has gone', async () => {
    const { stream, gone, bytes } = await scene(100, () => false);
    await turn();
    gone.abort();
    await stream.ended;
    for (let turns = 0; turns < 10; turns++) await turn();
    expect(bytes()).toBeLessThan(256 * 1024);
  });
});
