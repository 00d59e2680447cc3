import { execFile } from 'node:child_process';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { createLmdbStore, verifyLmdbStore } from '../../src/streams/open-lmdb-store.js';
import {
  blockBytes,
  contentsOfStore,
  newLmdbStream,
  openLmdb,
  streamDirectory,
} from '../support/lmdb-stores.js';
import { refusal } from '../support/registry-fixture.js';

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

/** A file system of its own, gone after the test; the test is skipped where it may not mount one. */
async function mounted({ skip }: TestContext, options: string): Promise<string> {
  const directory = await streamDirectory();
  if (!isRoot && process.env.CI !== 'true') skip('only root mounts a file system of its own');
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  onTestFinished(() => run('umount', ['-l', directory]).then(() => undefined));
  return directory;
}

const change = (offset: number, length: number) => ({
  blocks: [{ lastOffset: offset, bytes: blockBytes(offset, length) }],
  subjects: new Map([['subject', { id: 1, epoch: 1, sequence: offset, offset }]]),
});

describe('the disk of a stream', () => {
  it.for(['always', 'none'] as const)(
    'may be full: writes are refused, nothing is lost, reads go on, and there is room again later; sync %s',
    async (sync, context) => {
      const directory = await mounted(context, 'size=6m');
      await createLmdbStore(directory);
      const ballast = join(directory, 'ballast');
      await writeFile(ballast, Buffer.alloc(2_500_000));
      const store = await openLmdb(directory, sync);
      const written: number[] = [];
      let offset = 0;
      const fill = async () => {
        for (let refused = 0; refused < 20; ) {
          offset++;
          // Large ones fail before small ones do.
          await store.write(change(offset, 1 + ((offset * 7_919) % 30_000))).then(
            () => written.push(offset),
            (error) => {
              expect(error.code).toBe('RESOURCE_EXHAUSTED');
              expect(error.message).toContain('make room on the disk and try again');
              refused++;
            },
          );
        }
        const found = contentsOfStore(store);
        expect(found.blocks.map(([at]) => at)).toEqual(written);
        expect(found.subjects).toMatchObject([['subject', { offset: written.at(-1) }]]);
      };
      await fill();
      const before = written.length;
      await rm(ballast);
      await fill();
      expect(written.length).toBeGreaterThan(before + 20);
      // There is room for removing when there is none for anything else.
      await store.write({ removedBlocks: written.splice(0, 50) });
      expect(contentsOfStore(store).blocks.map(([at]) => at)).toEqual(written);
      await store.close();
      expect(await verifyLmdbStore(directory)).toMatchObject({ fault: undefined, isComplete: true });
    },
  );

  it('may not be written: it is refused as it is opened', async (context) => {
    const directory = await mounted(context, 'size=2m');
    await cp(await newLmdbStream(), directory, { recursive: true });
    await run('mount', ['-o', 'remount,ro', directory]);
    const { code, message } = await refusal(openLmdb(directory));
    expect([code, message]).toEqual(['FAILED_PRECONDITION', expect.stringContaining('EROFS')]);
    expect(message).toContain(directory);
  });
});
