import { expect, it } from 'vitest';
import { MemoryStore } from '../../src/streams/memory-store.js';
import { describeStore } from './store-contract.js';

describeStore('a store in memory', async () => {
  const store = new MemoryStore();
  return { store, remove: () => store.close() };
});

it('a store in memory forgets what was removed, wherever it was, and finds the rest', async () => {
  const store = new MemoryStore();
  const offsets = Array.from({ length: 1_000 }, (_, index) => index + 1);
  await store.write({ blocks: offsets.map((lastOffset) => ({ lastOffset, bytes: new Uint8Array(8) })) });
  await store.write({ removedBlocks: offsets.filter((offset) => offset % 10 !== 0) });
  expect(store.storedBytes).toBe(800);
  const found = offsets.map((offset) => store.block(offset)!.lastOffset);
  expect(found).toEqual(offsets.map((offset) => Math.ceil(offset / 10) * 10));
  expect(store.lastBlock()!.lastOffset).toBe(1_000);
});
