import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAMPLE_SCHEMA } from '../../src/workers/sample-payload.js';
import { SharedValueCache, shareProgram, shareSchema } from '../../src/workers/shared-values.js';
import type { SharedValue } from '../../src/workers/worker-task.js';

const schemaOf = (name: string) => ({
  ...SAMPLE_SCHEMA,
  objects: SAMPLE_SCHEMA.objects.map((object) => ({ ...object, name: `${name}.${object.name}` })),
});

/** So many schemas of one size, shared. */
const sharedSchemas = (count: number): SharedValue[] =>
  Array.from({ length: count }, (_, index) => shareSchema(schemaOf(`n${100 + index}`)));

describe('a value on shared memory', () => {
  it('is made once, however often it is named', () => {
    const schema = schemaOf('a');
    expect(shareSchema(schema)).toBe(shareSchema(schema));
    expect(shareSchema(schemaOf('a')).id).not.toBe(shareSchema(schema).id);
  });

  it('is on the other side what it was, and made there once', () => {
    const schema = schemaOf('ä\u{1f600}');
    const cache = new SharedValueCache(1_000_000);
    const kept = cache.schema(shareSchema(schema));
    expect(kept).toEqual(schema);
    expect(cache.schema(shareSchema(schema))).toBe(kept);
  });

  it('is, as a program, run from the memory of its schema: it is not copied', () => {
    const program = { code: new Int32Array(new SharedArrayBuffer(16)).fill(7), names: ['a', 'b'] };
    const shared = shareProgram(program);
    expect(shared.code).toBe(program.code);
    expect(new SharedValueCache(1_000).program(shared)).toEqual(program);
  });

  it('is, as a program of a page without shared memory, copied once', () => {
    const program = { code: Int32Array.of(1, 2, 3), names: ['a'] };
    const shared = shareProgram(program);
    expect(shared.code.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(shareProgram(program)).toBe(shared);
    expect(new SharedValueCache(1_000).program(shared)).toEqual(program);
  });
});

describe('the cache of a worker', () => {
  it('keeps those that were used last, as many as its bound has room for', () => {
    const shared = sharedSchemas(8);
    const size = shared[0]!.text.byteLength;
    const uses = fc.array(fc.nat(shared.length - 1), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(uses, fc.integer({ min: 1, max: 8 }), (order, room) => {
        const cache = new SharedValueCache(room * size + size - 1);
        const made = new Map<number, unknown>();
        let last: number[] = [];
        for (const index of order) {
          const value = cache.schema(shared[index]!);
          // Made anew exactly when it was not among those.
          expect(made.get(index) === value).toBe(last.includes(index));
          made.set(index, value);
          last = [index, ...last.filter((other) => other !== index)].slice(0, room);
        }
      }),
    );
  });

  it('keeps one that is larger than its bound until the next one comes', () => {
    const [first, second] = sharedSchemas(2);
    const cache = new SharedValueCache(10);
    const kept = cache.schema(first!);
    expect(cache.schema(first!)).toBe(kept);
    cache.schema(second!);
    expect(cache.schema(first!)).not.toBe(kept);
  });
});
