import type { CapturedKind, StorageKind, StreamConfig, SyncMode } from '../codec/stream-description.js';

export type { CapturedKind, StorageKind, StreamConfig, SyncMode };

export const CAPTURED_KINDS = ['message', 'request', 'reply'] as const;
export const STORAGE_KINDS = ['memory', 'lmdb'] as const;
export const SYNC_MODES = ['always', 'interval', 'none'] as const;

/** Bounds of what a configuration may say. */
export const STREAM_BOUNDS = {
  maxNameCharacters: 64,
  maxFilters: 64,
  maxSyncMs: 60_000,
  maxAgeMs: 100 * 366 * 86_400_000,
  maxPerSubject: 1_024,
  maxDedupMs: 86_400_000,
} as const;

export const STREAM_DEFAULTS = {
  kinds: ['message'],
  storage: 'lmdb',
  sync: 'always',
  syncMs: 1_000,
  retention: { maxAgeMs: 0, maxBytes: 0, maxRecords: 0, maxPerSubject: 0 },
  /** Of a stream in memory, which has a bound in any case. */
  memoryBytes: 64 * 1024 * 1024,
  dedupMs: 120_000,
} as const;
