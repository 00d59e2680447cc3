import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { kernels } from '../../src/native/kernels.js';
import { verifyLmdbStore } from '../../src/streams/open-lmdb-store.js';
import type { StoreChange } from '../../src/streams/stream-store.js';
import { blockBytes, newLmdbStream, openLmdb } from '../support/lmdb-stores.js';
import { refusal } from '../support/registry-fixture.js';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../support/lmdb-damage-process.mjs', import.meta.url));
/** Of each of the processes. More with MODWIRE_DAMAGES=10000. */
const DAMAGES = Number(process.env.MODWIRE_DAMAGES ?? 80);

/** A block whose last four bytes are the CRC-32C of the others, and of where it is. */
function checkedBlock(lastOffset: number, length: number): StoreChange['blocks'] {
  const bytes = Buffer.from(blockBytes(lastOffset, length + 4));
  bytes.writeUInt32LE(kernels().crc32c(bytes, 0, length, lastOffset), length);
  return [{ lastOffset, bytes }];
}

/** A stream with blocks of all sizes, some of which were removed again. */
async function filledStream(length: (index: number) => number): Promise<string> {
  const directory = await newLmdbStream();
  const store = await openLmdb(directory);
  for (let index = 1; index <= 400; index++) {
    const id = 1 + (index % 40);
    await store.write({
      ...{ blocks: checkedBlock(index, length(index))!, removedBlocks: index % 3 === 0 ? [index - 2] : [] },
      subjects: new Map([[`subject.${id}`, { id, epoch: 7, sequence: index, offset: index }]]),
      marks: [{ subject: id, epoch: 7, sequence: index, block: index }],
      notes: new Map([['totals', Uint8Array.of(index & 0xff)]]),
    });
  }
  await store.close();
  return directory;
}

describe('a damaged file of a stream', () => {
  it.each([
    ['small blocks', (index: number) => index % 200],
    ['large blocks', (index: number) => (index * 97) % 9_000],
  ])('is never served and takes no process with it, whatever is damaged: %s', async (_, length) => {
    const directory = await filledStream(length);
    const seed = randomInt(2 ** 32);
    const told = await run(process.execPath, [
      PROGRAM,
      JSON.stringify({ directory, seed, times: DAMAGES }),
    ]).catch((thrown) => ({
      stdout: `{"wrong":["seed ${seed}: it died of ${thrown.signal ?? thrown.stderr}"]}`,
    }));
    const { wrong, refused } = JSON.parse(told.stdout);
    expect(wrong, `seed ${seed}`).toEqual([]);
    expect(refused).toBeGreaterThan(DAMAGES / 10);
  });

  it('is refused where it ends too early, with its name and a place in it', async () => {
    const directory = await filledStream(() => 3_000);
    const path = join(directory, 'records.mdb');
    await truncate(path, 40 * 4_096);
    const { code, message, detail } = await refusal(openLmdb(directory));
    expect([code, detail.where]).toEqual(['DATA_LOSS', path]);
    expect(message).toMatch(/ends before page \d+, which is in use/);
    expect(await verifyLmdbStore(directory)).toMatchObject({
      path,
      fault: expect.stringMatching(/ends before page/),
    });
    for (const bytes of [5_000, 0]) {
      await truncate(path, bytes);
      expect((await refusal(openLmdb(directory))).message).toContain('it ends within its first pages');
    }
  });
});
