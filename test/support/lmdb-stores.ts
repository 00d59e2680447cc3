import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LmdbStore } from '../../src/streams/lmdb-store.js';
import { createLmdbStore, openLmdbStore } from '../../src/streams/open-lmdb-store.js';
import type { SyncMode } from '../../src/streams/stream-config.js';
import type { StreamStore } from '../../src/streams/stream-store.js';

/** A directory that is gone after the test. */
export async function streamDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'modwire-stream-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A directory with the file of a new stream, closed. */
export async function newLmdbStream(): Promise<string> {
  const directory = await streamDirectory();
  await createLmdbStore(directory);
  return directory;
}

/** Opens one; closed after the test. */
export async function openLmdb(
  directory: string,
  sync: SyncMode = 'none',
  syncMs = 1_000,
): Promise<LmdbStore> {
  const store = await openLmdbStore(directory, { sync, syncMs });
  onTestFinished(() => store.close().catch(() => undefined));
  return store;
}

/** Bytes that say where they belong. */
export function blockBytes(lastOffset: number, length = 64): Uint8Array {
  return new Uint8Array(length).map((_, at) => (lastOffset * 31 + at) & 0xff);
}

/** All that a store answers, for comparing two of them. */
export function contentsOfStore(store: StreamStore) {
  const blocks: [number, string][] = [];
  for (let block = store.block(0); block !== undefined; block = store.block(block.lastOffset + 1)) {
    blocks.push([block.lastOffset, Buffer.from(block.bytes).toString('hex')]);
  }
  const subjects: unknown[] = [];
  const marks: unknown[] = [];
  store.visitSubjects((text, state) => {
    subjects.push([text, state]);
    for (let mark = store.markFrom(state.id, 0, 0); mark !== undefined; ) {
      marks.push(mark);
      mark = store.markFrom(mark.subject, mark.epoch, mark.sequence + 1);
    }
    return true;
  });
  return { blocks, subjects, marks, notes: [...store.notes('')], last: store.lastBlock()?.lastOffset };
}
