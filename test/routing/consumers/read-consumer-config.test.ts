import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../../src/errors.js';
import { JSON_RULES } from '../../../src/json-members.js';
import { CONSUMER_DEFAULTS } from '../../../src/routing/consumers/consumer-config.js';
import { CONSUMER_RULES } from '../../../src/routing/consumers/consumer-rules.js';
import {
  checkDeadLetter,
  checkReplaceable,
  readConsumerConfig,
} from '../../../src/routing/consumers/read-consumer-config.js';

const LEAST = { name: 'billing', stream: 'orders' };
const ALL = {
  ...LEAST,
  filter: 'orders.*.paid',
  start: { offset: 17 },
  ackWaitMs: 5_000,
  maxDeliver: 3,
  backoffMs: [100, 1_000],
  maxAckPending: 64,
  deadLetter: 'dead.orders',
  paused: true,
};

const RULES = { ...JSON_RULES, ...CONSUMER_RULES };

describe('the configuration of a consumer', () => {
  it('is read as it is written, with the defaults of what it leaves out', () => {
    expect(readConsumerConfig(ALL)).toEqual(ALL);
    expect(readConsumerConfig(LEAST)).toEqual({ ...CONSUMER_DEFAULTS, ...LEAST });
    for (const start of ['all', 'new', 'last', 'last-per-subject', { time: 0 }, { offset: 1 }]) {
      expect(readConsumerConfig({ ...LEAST, start }).start).toEqual(start);
    }
    expect(readConsumerConfig({ ...LEAST, filter: '$experiments.>' }).filter).toBe('$experiments.>');
    expect(Object.is(readConsumerConfig({ ...LEAST, maxDeliver: -0 }).maxDeliver, 0)).toBe(true);
  });

  it.each<[rule: keyof typeof RULES, where: string, changed: object]>([
    ['unknown-member', 'the root', { durable: true }],
    ['value-type', 'name', { name: 7 }],
    ['name-form', 'name', { name: '' }],
    ['name-form', 'name', { name: 'a.b' }],
    ['name-form', 'stream', { stream: 'x'.repeat(65) }],
    ['filter-form', 'filter', { filter: '' }],
    ['filter-form', 'filter', { filter: 'a.>.b' }],
    ['start-unknown', 'start', { start: 'first' }],
    ['start-unknown', 'start', { start: 5 }],
    ['start-unknown', 'start', { start: null }],
    ['start-unknown', 'start', { start: {} }],
    ['start-unknown', 'start', { start: { offset: 1, time: 1 } }],
    ['unknown-member', 'start', { start: { sequence: 1 } }],
    ['value-type', 'start', { start: [] }],
    ['offset-range', 'start.offset', { start: { offset: 0 } }],
    ['offset-range', 'start.offset', { start: { offset: 1.5 } }],
    ['offset-range', 'start.offset', { start: { offset: 2 ** 53 } }],
    ['time-range', 'start.time', { start: { time: -1 } }],
    ['value-type', 'start.time', { start: { time: '2026-01-01' } }],
    ['ack-wait-range', 'ackWaitMs', { ackWaitMs: 9 }],
    ['ack-wait-range', 'ackWaitMs', { ackWaitMs: 86_400_001 }],
    ['max-deliver-range', 'maxDeliver', { maxDeliver: -1 }],
    ['max-deliver-range', 'maxDeliver', { maxDeliver: 1_001 }],
    ['value-type', 'backoffMs', { backoffMs: 100 }],
    ['backoff-count', 'backoffMs', { backoffMs: Array(33).fill(1) }],
    ['backoff-range', 'backoffMs[1]', { backoffMs: [0, 0.5] }],
    ['backoff-range', 'backoffMs[0]', { backoffMs: [86_400_001] }],
    ['max-ack-pending-range', 'maxAckPending', { maxAckPending: 0 }],
    ['max-ack-pending-range', 'maxAckPending', { maxAckPending: 65_537 }],
    ['dead-letter-form', 'deadLetter', { deadLetter: 'dead.*' }],
    ['dead-letter-form', 'deadLetter', { deadLetter: '$dead' }],
    ['value-type', 'paused', { paused: 'yes' }],
  ])('is refused by %s at %s', (rule, where, changed) => {
    expect(() => readConsumerConfig({ ...ALL, ...changed })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        detail: expect.objectContaining({ what: `${RULES[rule].wrong} [${rule}]`, where }),
      }),
    );
  });

  it('is refused without a name or a stream', () => {
    for (const member of Object.keys(LEAST)) {
      expect(() => readConsumerConfig({ ...LEAST, [member]: undefined })).toThrow(`[value-type]`);
      const { [member]: _, ...rest } = { ...ALL } as Record<string, unknown>;
      expect(() => readConsumerConfig(rest, 'consumers[1]')).toThrow(`[missing-member]: expected ${member}`);
    }
  });

  it('is read or refused whatever is in it', () => {
    const member = fc.constantFrom(...Object.keys(ALL));
    fc.assert(
      fc.property(member, fc.jsonValue(), (name, value) => {
        try {
          const read = readConsumerConfig({ ...ALL, [name]: value });
          expect(readConsumerConfig(JSON.parse(JSON.stringify(read)))).toEqual(read);
        } catch (error) {
          if (!(error instanceof ModwireError)) throw error;
          expect([error.code, error.detail.where?.startsWith(name)]).toEqual(['INVALID_ARGUMENT', true]);
        }
      }),
    );
  });

  it.each([
    ['>', 'dead.a', ['orders.>', 'dead.*'], true],
    ['>', 'dead.a', ['orders.>'], false],
    ['dead.>', 'dead.a', ['>'], true],
    ['orders.>', 'dead.a', ['>'], false],
    ['>', '', ['>'], false],
  ])(
    'with the filter %s and the dead letters %j, in a stream of %j, loops: %s',
    (filter, deadLetter, captured, loops) => {
      const check = () => checkDeadLetter(readConsumerConfig({ ...LEAST, filter, deadLetter }), captured);
      if (loops) expect(check).toThrow('[dead-letter-loop]');
      else expect(check).not.toThrow();
    },
  );

  it('is replaced by one that goes on from the same cursor, and by no other', () => {
    const old = readConsumerConfig(ALL);
    const { name, stream, filter, start } = ALL;
    const next = readConsumerConfig({ name, stream, filter, start });
    expect(() => checkReplaceable(old, next)).not.toThrow();
    for (const changed of [{ name: 'b' }, { stream: 'b' }, { filter: '>' }, { start: { offset: 18 } }]) {
      expect(() => checkReplaceable(old, { ...next, ...changed })).toThrow(
        expect.objectContaining({
          code: 'FAILED_PRECONDITION',
          detail: expect.objectContaining({ where: Object.keys(changed)[0] }),
        }),
      );
    }
  });
});

describe('the rules of consumers', () => {
  it('are those of the documentation', () => {
    const page = readFileSync(new URL('../../../docs/consumers.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (.*) \| (.*) \|$/gm)].map((row) => row.slice(1));
    const rules = Object.entries(CONSUMER_RULES).map(([id, { wrong, expected }]) => [id, wrong, expected]);
    expect(rows.filter(([id]) => id! in CONSUMER_RULES)).toEqual(rules);
  });
});
