import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BindingTable } from '../../src/registry/binding-table.js';
import type { Binding, FrameUse } from '../../src/registry/contract-records.js';
import type { Registry } from '../../src/registry/registry.js';
import { bfbsOf } from '../support/flatc.js';
import { openRegistry, refusal } from '../support/registry-fixture.js';

/** All patterns that select a subject, the most specific first: written down from what the order means. */
function patternsFor(tokens: readonly string[], isFirst = true): string[] {
  const [token, ...rest] = tokens;
  if (token === undefined) return [];
  const continued = (head: string) =>
    rest.length === 0 ? [head] : patternsFor(rest, false).map((tail) => `${head}.${tail}`);
  const wildcards = isFirst && token.startsWith('$') ? [] : [...continued('*'), '>'];
  return [...continued(token), ...wildcards];
}

const word = fc.constantFrom('a', 'b', '$r');
const subject = fc.array(word, { minLength: 1, maxLength: 4 });
const pattern = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', '*'), { maxLength: 3 }), fc.constantFrom('a', 'b', '*', '>'))
  .map(([head, last]) => [...head, last].join('.'));
const use = fc.constantFrom<FrameUse>('message', 'request', 'reply');
const step = fc.record({ pattern, use, contract: fc.constantFrom('x', 'y'), isRemoved: fc.boolean() });

describe('the binding of a subject', () => {
  it('is the most specific one that selects it, whatever came and went', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(subject, { minLength: 1 }),
        (steps, subjects) => {
          const table = new BindingTable();
          const model = new Map<string, Binding>();
          for (const { isRemoved, ...binding } of steps) {
            const key = `${binding.use} ${binding.pattern}`;
            if (isRemoved) {
              expect(table.delete(binding.pattern, binding.use)).toBe(model.get(key));
              model.delete(key);
            } else {
              table.set(binding);
              model.set(key, binding);
            }
            expect(table.size).toBe(model.size);
          }
          for (const tokens of subjects) {
            for (const of of ['message', 'request', 'reply'] as const) {
              const first = patternsFor(tokens).find((one) => model.has(`${of} ${one}`));
              expect(table.of(tokens.join('.'), of)).toBe(first && model.get(`${of} ${first}`));
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ['orders.eu.new', 'orders.eu.new'],
    ['orders.eu.old', 'orders.eu.*'],
    ['orders.us.new', 'orders.*.new'],
    ['orders.us.old', 'orders.*.*'],
    ['orders.us.old.paid', 'orders.>'],
    ['orders', '>'],
    ['$orders', undefined],
  ])('for %s is %s', (of, expected) => {
    const table = new BindingTable();
    const patterns = ['>', 'orders.>', 'orders.*.*', 'orders.*.new', 'orders.eu.*', 'orders.eu.new'];
    for (const one of patterns) table.set({ pattern: one, use: 'message', contract: one });
    expect(table.of(of, 'message')?.pattern).toBe(expected);
    expect(table.of(of, 'request')).toBeUndefined();
  });
});

describe('binding', () => {
  async function withContracts(): Promise<Registry> {
    const registry = await openRegistry();
    const bfbs = await bfbsOf('table A { x:int; } root_type A;');
    for (const contract of ['one', 'two']) await registry.register({ contract, bfbs });
    return registry;
  }

  it('binds a pattern for one use, and again without change', async () => {
    const registry = await withContracts();
    const binding = { pattern: 'a.>', use: 'message', contract: 'one' } as const;
    let changes = 0;
    registry.onChange(() => changes++);
    expect(await registry.bind(binding)).toEqual(binding);
    expect(await registry.bind(binding)).toEqual(binding);
    expect(changes).toBe(1);
    expect(registry.contract('one')!.bindings).toEqual([binding]);
    expect(registry.bindings()).toEqual([binding]);
    expect(registry.bindingOf('a.b', 'message')).toEqual(binding);
    expect(registry.bindingOf('a.b', 'reply')).toBeUndefined();
  });

  it('gives a bound pattern to another contract only when it is told to', async () => {
    const registry = await withContracts();
    await registry.bind({ pattern: 'a', use: 'message', contract: 'one' });
    await registry.bind({ pattern: 'a', use: 'request', contract: 'two' });
    const other = { pattern: 'a', use: 'message', contract: 'two' } as const;
    const error = await refusal(registry.bind(other));
    expect([error.code, error.message]).toEqual(['ALREADY_EXISTS', expect.stringContaining('bound to one')]);
    expect(await registry.bind({ ...other, replace: true })).toEqual(other);
    expect(registry.contract('one')!.bindings).toEqual([]);
    expect(registry.contract('two')!.bindings).toHaveLength(2);
  });

  it('removes what is bound, once', async () => {
    const registry = await withContracts();
    const binding = { pattern: 'a.*', use: 'reply', contract: 'one' } as const;
    await registry.bind(binding);
    expect((await refusal(registry.unbind('a.*', 'message'))).code).toBe('NOT_FOUND');
    expect(await registry.unbind('a.*', 'reply')).toEqual(binding);
    expect((await refusal(registry.unbind('a.*', 'reply'))).code).toBe('NOT_FOUND');
    expect(registry.bindings()).toEqual([]);
  });

  it.each([
    ['a..b', 'message', 'one', 'INVALID_ARGUMENT'],
    ['>.a', 'message', 'one', 'INVALID_ARGUMENT'],
    ['', 'message', 'one', 'INVALID_ARGUMENT'],
    ['$quarantine.>', 'message', 'one', 'INVALID_ARGUMENT'],
    ['a', 'answer', 'one', 'INVALID_ARGUMENT'],
    ['a', 'message', 'three', 'NOT_FOUND'],
    ['a', 'message', '', 'INVALID_ARGUMENT'],
  ])('refuses %j for each %s to %j', async (pattern, use, contract, code) => {
    const registry = await withContracts();
    const binding = { pattern, use: use as FrameUse, contract };
    expect((await refusal(registry.bind(binding))).code).toBe(code);
    expect(registry.bindings()).toEqual([]);
  });
});
