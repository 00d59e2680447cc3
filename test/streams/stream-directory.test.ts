import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StreamDirectory } from '../../src/streams/stream-directory.js';
import { streamDirectory } from '../support/lmdb-stores.js';
import { refusal } from '../support/registry-fixture.js';

const file = (text: string) => async (directory: string) => writeFile(join(directory, 'records'), text);

describe('the directory of streams', () => {
  it('lists the streams that were created, as they were configured last', async () => {
    const data = await streamDirectory();
    const streams = await StreamDirectory.open(data);
    expect(await streams.list()).toEqual([]);
    const directory = await streams.create('b', { name: 'b', filters: ['x.>'] }, file('of b'));
    await streams.create('a', { name: 'a' });
    await streams.configure('a', { name: 'a', syncMs: 7, text: 'é\u2028' });
    const again = await (await StreamDirectory.open(data)).list();
    expect(again.map(({ name, config }) => [name, config])).toEqual([
      ['a', { name: 'a', syncMs: 7, text: 'é\u2028' }],
      ['b', { name: 'b', filters: ['x.>'] }],
    ]);
    expect(again[1]!.directory).toBe(directory);
    expect(await readFile(join(directory, 'records'), 'utf8')).toBe('of b');
  });

  it('has one stream of a name, and leaves the first as it is', async () => {
    const streams = await StreamDirectory.open(await streamDirectory());
    const directory = await streams.create('a', { first: true }, file('first'));
    const { code, detail } = await refusal(streams.create('a', {}, file('second')));
    expect([code, detail.where]).toEqual(['ALREADY_EXISTS', directory]);
    expect(await readFile(join(directory, 'records'), 'utf8')).toBe('first');
    expect(await readdir(join(directory, '..'))).toEqual(['a']);
  });

  it('has nothing of a stream that could not be made', async () => {
    const data = await streamDirectory();
    const streams = await StreamDirectory.open(data);
    const failing = streams.create('a', {}, async () => {
      throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
    });
    expect((await refusal(failing)).code).toBe('RESOURCE_EXHAUSTED');
    expect(await readdir(join(data, 'streams'))).toEqual([]);
  });

  it('removes what a broker that died has left half made or half removed', async () => {
    const data = await streamDirectory();
    const streams = await StreamDirectory.open(data);
    await streams.create('whole', {}, file(''));
    await mkdir(join(data, 'streams', 'made.new'));
    await mkdir(join(data, 'streams', 'removed.gone', 'deep'), { recursive: true });
    const again = await StreamDirectory.open(data);
    expect(await readdir(join(data, 'streams'))).toEqual(['whole']);
    await again.remove('whole');
    expect(await again.list()).toEqual([]);
    await again.create('whole', { anew: true });
  });

  it.each([
    ['another digit', (text: string) => text.replace('100', '900')],
    ['half of it', (text: string) => text.slice(0, text.length / 2)],
    ['nothing', () => ''],
  ])('names a damaged configuration, and lists the others: %s', async (_, damaged) => {
    const streams = await StreamDirectory.open(await streamDirectory());
    const directory = await streams.create('a', { maxRecords: 100 });
    await streams.create('b', { maxRecords: 100 });
    const path = join(directory, 'stream.json');
    await writeFile(path, damaged(await readFile(path, 'utf8')));
    const [a, b] = await streams.list();
    expect(a).toMatchObject({
      name: 'a',
      config: undefined,
      damage: { code: 'DATA_LOSS', detail: { where: path } },
    });
    expect(b).toMatchObject({ name: 'b', config: { maxRecords: 100 }, damage: undefined });
  });
});
