import { ModwireError } from '../../errors.js';
import { MemoryStore } from '../../streams/memory-store.js';
import { createLmdbStore, openLmdbStore } from '../../streams/open-lmdb-store.js';
import { readStreamConfig } from '../../streams/read-stream-config.js';
import type { StreamConfig } from '../../streams/stream-config.js';
import { StreamDirectory } from '../../streams/stream-directory.js';
import type { StreamStore } from '../../streams/stream-store.js';

/** A stream, and where its records are. */
export interface StoredStream {
  readonly config: StreamConfig;
  readonly store: StreamStore;
}

/** Where the streams of a broker are kept. */
export interface StreamHome {
  /** What was there at the start. */
  readonly found: readonly StoredStream[];
  /** Rejects with RESOURCE_EXHAUSTED, FAILED_PRECONDITION or UNAVAILABLE when nothing of it is there. */
  create(config: StreamConfig): Promise<StreamStore>;
  /** Other bounds. Rejects as `create`, with what was there before. */
  update(config: StreamConfig): Promise<void>;
  /** The store of a stream is closed: it goes with all that it had. */
  remove(name: string): Promise<void>;
}

/**
 * Of a data directory, which this process has locked; empty: streams in memory alone. Rejects with DATA_LOSS when what a stream has is
 * damaged, and as the system refuses.
 */
export async function openStreamHome(dataDir: string): Promise<StreamHome> {
  if (dataDir === '') return memoryHome();
  const directory = await StreamDirectory.open(dataDir);
  const found: StoredStream[] = [];
  const open = (path: string, config: StreamConfig) =>
    config.storage === 'memory' ? new MemoryStore() : openLmdbStore(path, config);
  try {
    for (const { directory: path, config: value, damage } of await directory.list()) {
      if (damage !== undefined) throw damage;
      const config = readStreamConfig(value);
      found.push({ config, store: await open(path, config) });
    }
  } catch (thrown) {
    await Promise.all(found.map(({ store }) => store.close()));
    throw thrown;
  }
  return {
    found,
    create: async (config) => {
      const fill = config.storage === 'memory' ? undefined : createLmdbStore;
      return open(await directory.create(config.name, config, fill), config);
    },
    update: (config) => directory.configure(config.name, config),
    remove: (name) => directory.remove(name),
  };
}

function memoryHome(): StreamHome {
  return {
    found: [],
    create: async ({ name, storage }) => {
      if (storage === 'memory') return new MemoryStore();
      throw new ModwireError('FAILED_PRECONDITION', {
        what: 'this broker has nowhere to keep a stream',
        ...{ expected: 'a broker with a data directory, or storage memory', got: `storage ${storage}` },
        where: `stream ${name}`,
        advice: 'start it with --data-dir',
      });
    },
    update: async () => undefined,
    remove: async () => undefined,
  };
}
