import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLmdbStore, openLmdbStore, verifyLmdbStore } from '../../src/streams/open-lmdb-store.js';
import type { StoreChange } from '../../src/streams/stream-store.js';
import {
  blockBytes,
  contentsOfStore,
  newLmdbStream,
  openLmdb,
  streamDirectory,
} from '../support/lmdb-stores.js';
import { refusal } from '../support/registry-fixture.js';
import { describeStore } from './store-contract.js';

const run = promisify(execFile);

describeStore('a store on disk', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'modwire-stream-'));
  await createLmdbStore(directory);
  const open = () => openLmdbStore(directory, { sync: 'none', syncMs: 0 });
  let store = await open();
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await open();
      return store;
    },
    remove: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

const state = (id: number, offset: number) => ({
  id,
  epoch: 1_700_000_000_000_000 + id,
  sequence: offset * 2,
  offset,
});

/** A record of a subject, in a block of its own. */
function record(offset: number, id: number, length?: number): StoreChange {
  const { epoch, sequence } = state(id, offset);
  return {
    blocks: [{ lastOffset: offset, bytes: blockBytes(offset, length) }],
    subjects: new Map([[`subject.${id}`, state(id, offset)]]),
    marks: [{ subject: id, epoch, sequence, block: offset }],
    notes: new Map([['totals', Uint8Array.of(offset & 0xff)]]),
  };
}

describe('a stream on disk', () => {
  it.each(['always', 'interval', 'none'] as const)(
    'has all that was written when it is opened again, sync %s',
    async (sync) => {
      const directory = await newLmdbStream();
      const store = await openLmdb(directory, sync, 5);
      // The package hands out what is larger than 16 MiB in another way.
      const last = sync === 'always' ? 17 * 1024 * 1024 : 100_000;
      const lengths = [0, 1, 100, 5_000, 70_000, last];
      await Promise.all(lengths.map((length, index) => store.write(record(index + 1, index % 2, length))));
      const before = contentsOfStore(store);
      expect(before.blocks.map(([offset, hex]) => [offset, hex.length / 2])).toEqual(
        lengths.map((length, index) => [index + 1, length]),
      );
      expect(before.last).toBe(6);
      await store.close();
      const again = await openLmdb(directory, sync);
      expect(contentsOfStore(again)).toEqual(before);
      expect([again.continuous, again.storedBytes > last]).toEqual([true, true]);
    },
  );

  it('keeps numbers up to 2^53, and orders by them', async () => {
    const store = await openLmdb(await newLmdbStream());
    const offsets = [1, 255, 256, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
    for (const offset of offsets.toReversed()) await store.write(record(offset, 7));
    expect(contentsOfStore(store).blocks.map(([offset]) => offset)).toEqual(offsets);
    expect(store.block(2 ** 32 + 1)?.lastOffset).toBe(2 ** 53 - 1);
    expect(store.markFrom(7, 0, 0)).toEqual({ subject: 7, epoch: state(7, 1).epoch, sequence: 2, block: 1 });
    expect(store.markFrom(6, 0, 0)).toBeUndefined();
    expect(store.subject('subject.7')).toEqual(state(7, 1));
  });

  it('gives blocks that stay as they are while others are read and written', async () => {
    const store = await openLmdb(await newLmdbStream());
    await store.write({
      blocks: [1, 2].map((lastOffset) => ({ lastOffset, bytes: blockBytes(lastOffset) })),
    });
    const [first, second] = [store.block(1)!, store.block(2)!];
    await store.write({ removedBlocks: [1], blocks: [{ lastOffset: 3, bytes: blockBytes(3) }] });
    expect([first.bytes, second.bytes]).toEqual([blockBytes(1), blockBytes(2)]);
    expect(store.block(1)?.lastOffset).toBe(2);
  });

  it('is open once', async () => {
    const directory = await newLmdbStream();
    const store = await openLmdb(directory);
    const { code, message } = await refusal(openLmdb(directory));
    expect([code, message]).toEqual(['FAILED_PRECONDITION', expect.stringContaining('open already')]);
    await store.write(record(1, 1));
    await store.close();
    expect((await openLmdb(directory)).lastBlock()?.lastOffset).toBe(1);
  });

  it('takes nothing once it is closed, and keeps what was asked for before', async () => {
    const directory = await newLmdbStream();
    const store = await openLmdb(directory);
    const written = Promise.all([1, 2, 3].map((offset) => store.write(record(offset, 1))));
    const closed = store.close();
    expect((await refusal(store.write(record(4, 1)))).code).toBe('FAILED_PRECONDITION');
    await Promise.all([written, closed]);
    expect((await openLmdb(directory)).lastBlock()?.lastOffset).toBe(3);
    expect(await readdir(directory)).toEqual(['open', 'records.mdb', 'records.mdb-lock']);
  });

  it('is never made by opening it', async () => {
    const directory = await streamDirectory();
    const { code, detail } = await refusal(openLmdb(directory));
    expect([code, detail.where]).toEqual(['DATA_LOSS', join(directory, 'records.mdb')]);
    expect(await readdir(directory)).toEqual([]);
  });

  it('is found whole by the check of its file, and as it was told, whatever was written and removed', async () => {
    const change = fc.record({
      put: fc.array(fc.tuple(fc.nat(40), fc.nat(9_000)), { maxLength: 12 }),
      removed: fc.array(fc.nat(40), { maxLength: 12 }),
      subject: fc.nat(300),
      isWide: fc.boolean(),
    });
    const play = async (changes: (typeof change extends fc.Arbitrary<infer Change> ? Change : never)[]) => {
      const directory = await newLmdbStream();
      const store = await openLmdb(directory);
      const blocks = new Map<number, number>();
      const subjects = new Map<string, number>();
      for (const { put, removed, subject, isWide } of changes) {
        for (const offset of removed) blocks.delete(offset);
        for (const [offset, length] of put) blocks.set(offset, length);
        const names = Array.from({ length: isWide ? 200 : 1 }, (_, at) => `s.${(subject + at) % 500}`);
        const gone = subject % 3 === 0 ? names : [];
        for (const name of names) subjects.set(name, subject);
        for (const name of gone) subjects.delete(name);
        await store.write({
          removedBlocks: removed,
          blocks: put.map(([lastOffset, length]) => ({ lastOffset, bytes: blockBytes(lastOffset, length) })),
          subjects: new Map(gone.length > 0 ? [] : names.map((name) => [name, state(1, subject)])),
          removedSubjects: gone,
        });
      }
      const found = contentsOfStore(store);
      expect(found.blocks.map(([offset, hex]) => [offset, hex.length / 2])).toEqual(
        [...blocks].sort(([one], [other]) => one - other),
      );
      expect(found.subjects).toHaveLength(subjects.size);
      await store.close();
      expect(await verifyLmdbStore(directory)).toMatchObject({ fault: undefined, isComplete: true });
    };
    await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 40 }), play), { numRuns: 12 });
  });

  it('is refused with advice where the package has no binary for the platform', async () => {
    const directory = await streamDirectory();
    const program = `
      import { createLmdbStore } from './dist/streams/open-lmdb-store.js';
      await createLmdbStore(process.argv[1]).catch(({ code, message }) => console.log(code, message));
    `;
    const env = { ...process.env, npm_config_platform: 'plan9' };
    const args = ['--input-type=module', '--eval', program, directory];
    const { stdout } = await run(process.execPath, args, { env });
    expect(stdout).toMatch(
      /^FAILED_PRECONDITION streams on disk need the package lmdb, .*keep streams in memory/,
    );
    expect(await readdir(directory)).toEqual([]);
  });
});
