import { createReadStream, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { openStreamFile } from '../../../src/streams/stream-file-reader.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { TRANSPORTS } from '../../support/transports.js';
import { cleanUp, folder } from '../cli-process.js';
import { runHere } from '../run-here.js';

// Directories go after the brokers that use them: what comes last is done first.
afterEach(cleanUp);
const fixture = new BrokerFixture();

async function scene({ dataDir = '' } = {}) {
  const broker = await fixture.broker(TRANSPORTS[0]!, {}, { dataDir });
  const cwd = folder();
  const env = { MODWIRE_URL: broker.url };
  const streams = (...args: readonly string[]) => runHere(['streams', ...args], { cwd, env });
  const client = await fixture.client(broker.url);
  const fill = async (count: number, more = '') => {
    for (let n = 1; n < count; n++) client.publish(`orders.${'ab'[n % 2]}`, { n, more });
    await client.publish('orders.last', 'last', { ack: true });
  };
  return { broker, client, cwd, streams, fill };
}

async function framesOf(path: string): Promise<string[]> {
  const { records } = await openStreamFile(createReadStream(path), 2 ** 20);
  const frames: string[] = [];
  for await (const { frame } of records) frames.push(Buffer.from(frame.bytes).toString('base64'));
  return frames;
}

const words = (lines: readonly string[]) => lines.map((line) => line.trim().split(/ {2,}/));

describe('modwire streams', () => {
  it('makes a stream, lists it, shows it, gives it other bounds, empties it and removes it', async () => {
    const { streams, fill } = await scene();
    expect(await streams('ls')).toMatchObject({ code: 0, stderr: 'there are no streams\n' });
    const flags = ['--storage', 'memory', '--max-age', '168h', '--max-bytes', '10MiB', '--dedup', '30s'];
    const made = await streams(
      'create',
      'orders',
      'orders.>',
      'bills',
      ...flags,
      '--kind',
      'message',
      '--kind',
      'reply',
    );
    expect([made.code, made.stderr, made.lines]).toEqual([
      0,
      '',
      [
        'orders',
        '  keeps messages, replies of orders.>, bills',
        '  in memory; at most 168h, 10.0 MiB',
        '  no records; 0 B in memory',
        '  knows message ids for 30s: 0 at present',
      ],
    ]);
    expect((await streams('rm', 'orders')).stdout).toBe('removed orders, no records\n');
    await streams('create', 'orders', 'orders.>', '--storage', 'memory');
    await fill(10);
    expect(words((await streams('ls')).lines)).toEqual([
      ['stream', 'keeps', 'storage', 'records', 'size', 'offsets', 'state'],
      ['orders', 'orders.>', 'memory', '10', expect.stringMatching(/^\d\.\d KiB$/), '1-10', 'ok'],
    ]);
    const changed = await streams('update', 'orders', '--max-records', '5', '--dedup', '0');
    expect(changed.lines).toContain('  in memory; at most 64.0 MiB, 5 records');
    expect(changed.lines).toContain('  stores again what is sent again');
    expect((await streams('info', 'orders')).stdout).toContain('5 records (offsets 6-10) of 3 subjects');
    expect((await streams('purge', 'orders', '--filter', 'orders.*', '--before', '8')).stdout).toBe(
      'removed 2 records of orders\n',
    );
    expect((await streams('purge', 'orders', '--keep', '1')).stdout).toBe('removed 2 records of orders\n');
    expect((await streams('rm', 'orders')).stdout).toBe('removed orders, 1 record\n');
    expect((await streams('info', 'orders')).code).toBe(ERRORS.NOT_FOUND.exitCode);
  });

  it('prints what HTTP answers as JSON', async () => {
    const { streams, broker } = await scene();
    const json = async (...args: readonly string[]) =>
      JSON.parse((await streams(...args, '--json')).stdout) as unknown;
    const described = () => JSON.parse(JSON.stringify(broker.streams.get('orders'))) as unknown;
    expect(await json('create', 'orders', 'orders.>', '--storage', 'memory')).toEqual(described());
    expect(await json('update', 'orders', '--max-records', '7')).toEqual(described());
    expect(await json('ls')).toEqual(described());
    expect(await json('info', 'orders')).toEqual(described());
    expect(await json('purge', 'orders')).toEqual({ stream: 'orders', removed: 0 });
    expect(await json('verify')).toEqual({
      stream: 'orders',
      fault: null,
      records: 0,
      bytes: 0,
      damaged: [],
    });
    expect(await json('rm', 'orders')).toMatchObject({ config: { name: 'orders' } });
  });

  it('refuses what is not valid before a broker is asked, and the rest as the broker does', async () => {
    const { streams } = await scene();
    const refused = async (...args: readonly string[]) => {
      const { code, stderr } = await streams(...args);
      return `${code} ${stderr}`;
    };
    expect(await refused('create', 'a b', 'x')).toMatch(/^2 .*name-form/);
    expect(await refused('create', 'a', 'x.>', 'x.y')).toMatch(/^2 .*filter-overlap/);
    expect(await refused('create', 'a', 'x', '--sync', 'often')).toMatch(/^2 .*--sync/);
    expect(await refused('create', 'a', 'x', '--kind', 'error')).toMatch(/^2 .*kind-unknown/);
    expect(await refused('create', 'a', 'x')).toMatch(/^26 .*--data-dir/);
    expect(await refused('update', 'a')).toMatch(/^2 .*nothing to change/);
    expect(await refused('purge', 'a', '--filter', 'a..b')).toMatch(/^2 /);
    for (const command of ['purge', 'rm', 'export', 'verify']) {
      expect(await refused(command, 'nothing')).toMatch(/^22 .*no such stream/);
    }
    expect(await refused('import', 'nothing.mwf')).toMatch(/^22 .*no such file/);
  });

  it('takes a stream to a file and into another broker, where it is the same, and not twice', async () => {
    const source = await scene();
    await source.streams('create', 'orders', 'orders.>', '--storage', 'memory', '--max-age', '1h');
    // More than what is sent at once.
    await source.fill(300, 'x'.repeat(8_000));
    const done = await source.streams('export', 'orders', 'all.mwf');
    expect([done.code, done.stdout]).toEqual([
      0,
      expect.stringMatching(/^exported 300 records, 2\.\d MiB\n$/),
    ]);
    await source.streams(
      'export',
      'orders',
      'part.mwf',
      '--from',
      '11',
      '--to',
      '20',
      '--filter',
      'orders.a',
    );
    const file = (name: string) => join(source.cwd, name);
    const piped = await source.streams('export', 'orders', '--from=-1h', '--to', '20');
    expect([piped.code, piped.stderr, piped.stdout.slice(0, 4)]).toEqual([0, '', 'MWF1']);
    const target = await scene();
    expect((await target.streams('import', file('part.mwf'), '--stream', 'part')).stdout).toBe(
      'imported 5 records into part, a new stream\n',
    );
    await target.streams('rm', 'part');
    const other = await scene();
    expect((await other.streams('import', file('all.mwf'))).stdout).toBe(
      'imported 300 records into orders, a new stream\n',
    );
    const { config } = source.broker.streams.get('orders');
    const retention = { ...config.retention, maxAgeMs: 0 };
    expect(other.broker.streams.get('orders').config).toEqual({ ...config, retention });
    expect((await other.streams('import', file('all.mwf'))).lines).toEqual([
      'imported no records into orders',
      '  300 records there already',
    ]);
    await other.streams('export', 'orders', file('again.mwf'));
    expect(await framesOf(file('again.mwf'))).toEqual(await framesOf(file('all.mwf')));
    const own = await scene();
    await own.streams('create', 'orders', 'orders.>', '--storage', 'memory');
    await own.client.publish('orders.last', 'own', { ack: true });
    const json = JSON.parse((await own.streams('import', file('all.mwf'), '--json')).stdout);
    expect(json).toEqual({ stream: 'orders', created: false, restored: 0, replayed: 300, duplicates: 0 });
  });

  it('puts what is whole of a file that was cut short into the stream, and says up to where', async () => {
    const { streams, fill, broker, cwd } = await scene();
    await streams('create', 'orders', 'orders.>', '--storage', 'memory');
    await fill(300, 'x'.repeat(8_000));
    await streams('export', 'orders', 'orders.mwf');
    await streams('rm', 'orders');
    const path = join(cwd, 'orders.mwf');
    truncateSync(path, statSync(path).size - 100);
    const { code, stderr } = await streams('import', 'orders.mwf');
    expect(code).toBe(ERRORS.DATA_LOSS.exitCode);
    const [, last] = /the stream orders has those up to offset (\d+) of the file/.exec(stderr)!;
    expect(broker.streams.get('orders').info.records).toBe(Number(last));
    truncateSync(path, 12);
    expect(await streams('import', 'orders.mwf')).toMatchObject({ code: ERRORS.DATA_LOSS.exitCode });
    writeFileSync(path, 'something else, which is long enough');
    expect((await streams('import', 'orders.mwf')).stderr).toContain('it does not begin as one');
  });

  it('names damaged records, offline and at the broker, exports what is before and behind, and changes nothing', async () => {
    const dataDir = folder();
    const first = await scene({ dataDir });
    await first.streams('create', 'orders', 'orders.>');
    for (const text of ['one', 'two', 'three']) await first.client.publish('orders.a', text, { ack: true });
    expect(await first.streams('verify', '--data-dir', dataDir)).toMatchObject({
      code: ERRORS.FAILED_PRECONDITION.exitCode,
      stderr: expect.stringContaining('a broker has this data directory'),
    });
    await first.client.close();
    await first.broker.close();
    const path = join(dataDir, 'streams', 'orders', 'records.mdb');
    const whole = await first.streams('verify', 'orders', '--data-dir', dataDir);
    expect([whole.code, whole.stdout]).toEqual([
      0,
      expect.stringMatching(/^whole orders 3 records, \d+ B\n$/),
    ]);
    const bytes = readFileSync(path);
    // In free pages there may be others.
    for (let at = bytes.indexOf('two'); at >= 0; at = bytes.indexOf('two', at + 1)) bytes[at]! ^= 1;
    writeFileSync(path, bytes);
    const damaged = await first.streams('verify', '--data-dir', dataDir);
    expect([damaged.code, words(damaged.lines)]).toEqual([
      ERRORS.DATA_LOSS.exitCode,
      [
        [expect.stringContaining('damaged orders 2 whole records')],
        ['from offset', 'to', 'what is wrong'],
        ['2', '2', expect.stringContaining('check')],
      ],
    ]);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(existsSync(join(dataDir, 'streams', 'orders', 'open'))).toBe(false);
    const { streams } = await scene({ dataDir });
    const there = await streams('verify', 'orders', '--json');
    expect([there.code, JSON.parse(there.stdout)]).toMatchObject([
      ERRORS.DATA_LOSS.exitCode,
      { records: 2, damaged: [{ first: 2, last: 2 }] },
    ]);
    const cut = await streams('export', 'orders', 'cut.mwf');
    expect([cut.code, cut.stderr]).toEqual([
      ERRORS.DATA_LOSS.exitCode,
      expect.stringMatching(/offsets 2 to 2.*--from 3/),
    ]);
    expect((await streams('export', 'orders', 'rest.mwf', '--from', '3')).stdout).toMatch(
      /^exported 1 record,/,
    );
    truncateSync(path, 8_192);
    expect((await streams('verify', '--data-dir', folder())).code).toBe(ERRORS.NOT_FOUND.exitCode);
  });
});
