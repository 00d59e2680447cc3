import { describe } from 'vitest';
import { MemoryStore } from '../../src/streams/memory-store.js';
import { testLogModel } from './log-model.js';

describe('the log of a stream', () => {
  testLogModel('in memory', async () => {
    const store = new MemoryStore();
    return { store, remove: () => store.close() };
  });
});
