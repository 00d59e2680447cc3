import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Broker } from '../../../src/broker/index.js';
import type { LostRange } from '../../../src/index.js';
import { decodeCursor } from '../../../src/routing/consumers/consumer-cursor.js';
import { eventually } from '../../support/broker-eventually.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';

const fixture = new BrokerFixture();
const CURSOR = 'consumer.work.cursor';

/** Flips a bit of all that is kept with a payload: of the record, and of what the file has of it from before. */
async function damage(dataDir: string, payload: string): Promise<void> {
  const directory = join(dataDir, 'streams', 'orders');
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    const bytes = await readFile(path);
    for (let at = bytes.indexOf(payload); at >= 0; at = bytes.indexOf(payload, at)) bytes[at]! ^= 1;
    await writeFile(path, bytes);
  }
}

describe.each(TRANSPORTS)('consumers of a stream on disk over %s', (transport) => {
  async function scene(config: object = {}) {
    const dataDir = await mkdtemp(join(tmpdir(), 'modwire-consumers-'));
    fixture.closing({ close: () => rm(dataDir, { recursive: true, force: true }) });
    const start = () => fixture.broker(transport, {}, { dataDir });
    const first = await start();
    await first.streams.create({ name: 'orders', filters: ['orders'], sync: 'none' });
    await first.consumers.create({ name: 'work', stream: 'orders', ...config });
    const client = await fixture.client(first.url);
    for (let n = 1; n <= 9; n++) await client.publish('orders', `record ${n}`, { ack: true });
    const restart = async (): Promise<Broker> => {
      await client.close();
      await first.close();
      return start();
    };
    return { dataDir, first, client, restart };
  }

  it('go on after a restart with what is not settled', async () => {
    const { first, client, restart } = await scene({ maxDeliver: 2, deadLetter: 'dead' });
    await client.consume('orders', 'work', { capacity: 9 }, async ({ offset }) => {
      if (offset === 2 || offset === 7) await new Promise(() => {});
    });
    const log = first.streams.logOf('orders');
    await eventually('its cursor being kept', () => decodeCursor(log.note(CURSOR)!).counts.acked === 7);
    const second = await restart();
    const info = () => second.consumers.get('orders', 'work').description.info;
    expect(info()).toMatchObject({ position: 10, waiting: 2, acked: 7, ackFloor: 1 });
    const again = await fixture.client(second.url);
    await again.publish('orders', 'record 10', { ack: true });
    const got: string[] = [];
    await again.consume('orders', 'work', (message) => {
      got.push(`${message.offset}#${message.attempt}`);
      if (message.offset === 7) message.term('no use');
    });
    await eventually('all', () => info().ackFloor === 10);
    expect(got).toEqual(['2#2', '7#2', '10#1']);
    expect(second.stats().consumers).toMatchObject({ consumers: 1, redelivered: 2, deadLettered: 1 });
  });

  it('are told of damaged records, and get those around them', async () => {
    const { dataDir, restart, first, client } = await scene();
    await client.close();
    await first.close();
    await damage(dataDir, 'record 4');
    const second = await restart();
    const again = await fixture.client(second.url);
    const lost: LostRange[] = [];
    const onLost = (range: LostRange) => lost.push(range);
    const offsets: number[] = [];
    for await (const { offset } of await again.readStream('orders', { to: 'end', onLost }))
      offsets.push(offset);
    const taken: number[] = [];
    await again.consume('orders', 'work', { onLost }, ({ offset }) => {
      taken.push(offset);
    });
    const info = () => second.consumers.get('orders', 'work').description.info;
    await eventually('all', () => info().ackFloor === 9);
    const whole = [1, 2, 3, 5, 6, 7, 8, 9];
    expect([offsets, taken]).toEqual([whole, whole]);
    expect(info()).toMatchObject({ acked: 8, lost: 1 });
    expect(lost.map(({ first: from, last, error }) => [from, last, error.code])).toEqual([
      [4, 4, 'DATA_LOSS'],
      [4, 4, 'DATA_LOSS'],
    ]);
    expect(lost[0]!.error.message).toContain('stream orders, offset 4');
  });

  it('are refused when their cursor is damaged, and can be removed then', async () => {
    const { first, restart } = await scene();
    const log = first.streams.logOf('orders');
    const cursor = log.note(CURSOR)!.slice();
    cursor[10]! ^= 1;
    log.setNote(CURSOR, cursor);
    await log.writeNotes();
    const second = await restart();
    const again = await fixture.client(second.url);
    await expect(again.consume('orders', 'work')).rejects.toMatchObject({ code: 'DATA_LOSS' });
    expect((await again.streams.consumers.info('orders', 'work')) as object).toMatchObject({
      failing: expect.stringContaining('the cursor of a consumer is damaged'),
    });
    await again.streams.consumers.remove('orders', 'work');
    await again.streams.consumers.create('orders', { name: 'work', start: 'new' });
    expect(await again.streams.consumers.list('orders')).toHaveLength(1);
  });
});
