import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { JSON_RULES } from '../../src/json-members.js';
import { readStreamConfig } from '../../src/streams/read-stream-config.js';
import { STREAM_RULES } from '../../src/streams/stream-rules.js';

const ORDERS = { name: 'orders', filters: ['orders.>'] };

describe('the configuration of a stream', () => {
  it('has defaults for all but name and filters', () => {
    expect(readStreamConfig(ORDERS)).toEqual({
      ...ORDERS,
      ...{ kinds: ['message'], storage: 'lmdb', sync: 'always', syncMs: 1_000, dedupMs: 120_000 },
      retention: { maxAgeMs: 0, maxBytes: 0, maxRecords: 0, maxPerSubject: 0 },
    });
  });

  it('bounds what is kept in memory, where there is nothing to sync', () => {
    expect(readStreamConfig({ ...ORDERS, storage: 'memory' })).toMatchObject({
      ...{ storage: 'memory', sync: 'none' },
      retention: { maxBytes: 64 * 1024 * 1024 },
    });
  });

  it('is the same when it is read again', () => {
    const config = readStreamConfig({
      ...{ name: 'all_-1', filters: ['a.*', 'b.>', '$experiments.>', '$quarantine.x'] },
      ...{ kinds: ['request', 'reply'], sync: 'interval', syncMs: 10, dedupMs: 0 },
      retention: { maxAgeMs: 1, maxBytes: 2, maxRecords: 3, maxPerSubject: 4 },
    });
    expect(readStreamConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each<[rule: keyof typeof STREAM_RULES | keyof typeof JSON_RULES, where: string, value: unknown]>([
    ['value-type', 'the root', 7],
    ['missing-member', 'the root', { name: 'a' }],
    ['unknown-member', 'the root', { ...ORDERS, replicas: 3 }],
    ['unknown-member', 'retention', { ...ORDERS, retention: { maxMessages: 3 } }],
    ['value-type', 'retention.maxAgeMs', { ...ORDERS, retention: { maxAgeMs: '3' } }],
    ['name-form', 'name', { ...ORDERS, name: 'a.b' }],
    ['name-form', 'name', { ...ORDERS, name: '..' }],
    ['name-form', 'name', { ...ORDERS, name: 'x'.repeat(65) }],
    ['filter-count', 'filters', { ...ORDERS, filters: [] }],
    ['filter-form', 'filters[1]', { ...ORDERS, filters: ['a', 'b..c'] }],
    ['filter-reserved', 'filters[0]', { ...ORDERS, filters: ['$services.>'] }],
    ['filter-reserved', 'filters[0]', { ...ORDERS, filters: ['$experiments'] }],
    ['filter-overlap', 'filters[1]', { ...ORDERS, filters: ['a.*', 'a.b'] }],
    ['kind-unknown', 'kinds[0]', { ...ORDERS, kinds: ['error'] }],
    ['kind-unknown', 'kinds', { ...ORDERS, kinds: [] }],
    ['kind-unknown', 'kinds', { ...ORDERS, kinds: ['reply', 'reply'] }],
    ['storage-unknown', 'storage', { ...ORDERS, storage: 'disk' }],
    ['sync-unknown', 'sync', { ...ORDERS, sync: 'sometimes' }],
    ['sync-needless', 'sync', { ...ORDERS, storage: 'memory', sync: 'always' }],
    ['sync-range', 'syncMs', { ...ORDERS, syncMs: 0 }],
    ['bound-range', 'retention.maxRecords', { ...ORDERS, retention: { maxRecords: -1 } }],
    ['bound-range', 'retention.maxBytes', { ...ORDERS, retention: { maxBytes: 1.5 } }],
    ['age-range', 'retention.maxAgeMs', { ...ORDERS, retention: { maxAgeMs: 2 ** 52 } }],
    ['per-subject-range', 'retention.maxPerSubject', { ...ORDERS, retention: { maxPerSubject: 1_025 } }],
    ['memory-unbounded', 'retention.maxBytes', { ...ORDERS, storage: 'memory', retention: { maxBytes: 0 } }],
    ['dedup-range', 'dedupMs', { ...ORDERS, dedupMs: Number.NaN }],
  ])('is refused by the rule %s at %s', (rule, where, value) => {
    const { wrong } = { ...JSON_RULES, ...STREAM_RULES }[rule];
    expect(() => readStreamConfig(value)).toThrowError(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        detail: expect.objectContaining({ what: `${wrong} [${rule}]`, where }) as object,
      }),
    );
  });
});

describe('the rules of streams', () => {
  it('are those of the documentation', () => {
    const page = readFileSync(new URL('../../docs/streams.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \| (.*) \|$/gm)].map((row) => row.slice(1));
    const rules = Object.entries(STREAM_RULES).map(([id, { wrong, expected }]) => [id, wrong, expected]);
    expect(rows.filter(([id]) => id! in STREAM_RULES)).toEqual(rules);
  });
});
