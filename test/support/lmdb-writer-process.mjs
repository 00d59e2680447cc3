// Writes one block after the other to a stream until it is killed: the directory in the first argument, how it is synced in the
// second. Each line that it writes is the offset of a block whose write has resolved.
import { writeSync } from 'node:fs';
import { openLmdbStore } from '../../dist/streams/open-lmdb-store.js';

const [directory, sync] = process.argv.slice(2);
const store = await openLmdbStore(directory, { sync, syncMs: 5 });
let next = (store.lastBlock()?.lastOffset ?? 0) + 1;
writeSync(1, `open ${next}\n`);
for (;;) {
  // Several at once, of which some come while others are written.
  const offsets = Array.from({ length: 4 }, () => next++);
  await Promise.all(
    offsets.map(async (offset) => {
      const bytes = new Uint8Array(100 + (offset % 7) * 2_000).fill(offset & 0xff);
      await store.write({
        ...{ blocks: [{ lastOffset: offset, bytes }], removedBlocks: offset > 300 ? [offset - 300] : [] },
        subjects: new Map([['subject', { id: 1, epoch: 1, sequence: offset, offset }]]),
        marks: [{ subject: 1, epoch: 1, sequence: offset, block: offset }],
      });
      writeSync(1, `${offset}\n`);
    }),
  );
}
