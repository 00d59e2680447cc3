import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { verifyLmdbStore } from '../../src/streams/open-lmdb-store.js';
import type { SyncMode } from '../../src/streams/stream-config.js';
import { newLmdbStream, openLmdb } from '../support/lmdb-stores.js';

const PROGRAM = fileURLToPath(new URL('../support/lmdb-writer-process.mjs', import.meta.url));
/** Kills in one run; more with MODWIRE_CRASH_CYCLES=1000. */
const CYCLES = Number(process.env.MODWIRE_CRASH_CYCLES ?? 25);

/** Has a process write, and kills it. Resolves with the last offset that was told. */
async function writeUntilKilled(directory: string, sync: SyncMode): Promise<number> {
  const child = spawn(process.execPath, [PROGRAM, directory, sync], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let told = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  // Once it is open, anywhere within what it writes.
  child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), randomInt(0, 60)));
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
  const lines = told.split('\n').slice(0, -1);
  return Math.max(0, ...lines.filter((line) => !line.startsWith('open')).map(Number));
}

describe('a process that is killed while it writes to a stream', () => {
  it.each(['always', 'none'] as const)(
    'leaves all that it was told is there, whole and in order, sync %s',
    async (sync) => {
      const directory = await newLmdbStream();
      let last = 0;
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        last = Math.max(last, await writeUntilKilled(directory, sync));
        expect(await verifyLmdbStore(directory)).toMatchObject({ fault: undefined, isComplete: true });
      }
      const store = await openLmdb(directory, sync);
      // Nothing is lost with a process, whatever is lost with the power.
      expect(store.continuous).toBe(true);
      const end = store.lastBlock()?.lastOffset ?? 0;
      expect(end).toBeGreaterThanOrEqual(last);
      expect(store.subject('subject')).toMatchObject({ sequence: end, offset: end });
      for (let offset = Math.max(1, end - 299); offset <= end; offset++) {
        const { lastOffset, bytes } = store.block(offset)!;
        expect([lastOffset, bytes.length]).toEqual([offset, 100 + (offset % 7) * 2_000]);
        expect(bytes.every((byte) => byte === (offset & 0xff))).toBe(true);
        expect(store.markFrom(1, 1, offset)).toMatchObject({ sequence: offset, block: offset });
      }
    },
  );
});
