import { describe, expect, it } from 'vitest';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import { compareSchemas } from '../../src/contracts/compatibility.js';
import { compileRoot } from '../../src/contracts/compile-schema.js';
import { SCHEMA_BOUNDS } from '../../src/contracts/schema-bounds.js';
import { ModwireError } from '../../src/errors.js';
import { type BfbsDraft, bfbsOfDraft, type Crowd, crowdedBfbs } from '../support/bfbs-draft.js';

const FEW: Crowd = { tables: 1, fields: 1, values: 1, shared: false };
const INT = { baseType: 7 };
const OBJECT = 15;

function refusal(run: () => unknown): ModwireError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof ModwireError) return thrown;
    throw thrown;
  }
  throw new Error('expected a refusal');
}

function draft(objects: BfbsDraft[], more: BfbsDraft = {}): Uint8Array {
  return bfbsOfDraft({ objects, enums: [], rootTable: objects[0], ...more });
}

const tableOf = (name: string, ...types: BfbsDraft[]): BfbsDraft => ({
  ...{ name, minalign: 1 },
  fields: types.map((type, id) => ({ name: `f${id}`, id, offset: 4 + 2 * id, type })),
});

const structOf = (name: string, type: BfbsDraft, bytesize: number): BfbsDraft => ({
  ...{ name, isStruct: true, minalign: 4, bytesize },
  fields: [{ name: 'inner', type }],
});

/** Structs that each hold the one before. */
const structsWithin = (depth: number): BfbsDraft[] =>
  Array.from({ length: depth }, (_, index) =>
    structOf(`S${index}`, index === 0 ? INT : { baseType: OBJECT, index }, 4),
  );

describe('a hostile schema', () => {
  it.each<[string, Crowd]>([
    ['1,000,000 fields', { ...FEW, fields: 1_000_000 }],
    ['1,000,000 times the same field', { ...FEW, fields: 1_000_000, shared: true }],
    ['1,000,000 values of an enum', { ...FEW, values: 1_000_000 }],
    ['1,000,000 times the same value of an enum', { ...FEW, values: 1_000_000, shared: true }],
    ['1,000,000 times the same table', { ...FEW, tables: 1_000_000, shared: true }],
    ['more fields than a table may have', { ...FEW, fields: SCHEMA_BOUNDS.fieldsOfType + 1 }],
    ['more fields than all tables may have', { ...FEW, tables: 9, fields: 16_000 }],
    ['more values than all enums may have', { ...FEW, values: SCHEMA_BOUNDS.enumValues + 1 }],
    ['more types than there may be', { ...FEW, tables: SCHEMA_BOUNDS.types }],
  ])('is refused for %s', (_, crowd) => {
    expect(refusal(() => readSchema(crowdedBfbs(crowd))).code).toBe('RESOURCE_EXHAUSTED');
  });

  it('is refused when it refers to the same fields from many tables', () => {
    const bfbs = crowdedBfbs({ tables: 10_000, fields: 10_000, values: 1, shared: true });
    const { code, message } = refusal(() => readSchema(bfbs));
    expect(code).toBe('INVALID_ARGUMENT');
    expect(message).toContain('more often than its size allows');
  });

  it('is refused for more bytes than any may have, before anything is read', () => {
    const { code } = refusal(() => readSchema(new Uint8Array(SCHEMA_BOUNDS.bytes + 1)));
    expect(code).toBe('RESOURCE_EXHAUSTED');
  });

  it('is refused for a name of a million bytes', () => {
    const { code, message } = refusal(() => readSchema(draft([tableOf('n'.repeat(1_000_000), INT)])));
    expect(code).toBe('RESOURCE_EXHAUSTED');
    expect(message.length).toBeLessThan(200);
  });

  it('is refused for a type in a thousand namespaces', () => {
    const within = (parts: number) => `${'n.'.repeat(parts - 1)}T`;
    expect(readSchema(draft([tableOf(within(SCHEMA_BOUNDS.nameParts), INT)])).root).toBe(0);
    const deeper = draft([tableOf(within(SCHEMA_BOUNDS.nameParts + 1), INT)]);
    expect(refusal(() => readSchema(deeper)).code).toBe('RESOURCE_EXHAUSTED');
    expect(refusal(() => readSchema(draft([tableOf('n.'.repeat(1000), INT)]))).code).toBe(
      'RESOURCE_EXHAUSTED',
    );
  });

  it('is refused for the name of a file of a megabyte, which each of its types could share', () => {
    const table = { ...tableOf('T', INT), declarationFile: '/'.repeat(1_000_000) };
    expect(refusal(() => readSchema(draft([table]))).code).toBe('RESOURCE_EXHAUSTED');
  });

  it('is refused for structs nested deeper than allowed', () => {
    const { structDepth } = SCHEMA_BOUNDS;
    const schema = (depth: number) => draft([tableOf('T', INT), ...structsWithin(depth)]);
    expect(readSchema(schema(structDepth)).objects).toHaveLength(structDepth + 1);
    expect(refusal(() => readSchema(schema(structDepth + 1))).code).toBe('RESOURCE_EXHAUSTED');
    expect(refusal(() => readSchema(schema(10_000))).code).toBe('RESOURCE_EXHAUSTED');
    const outermostFirst = (depth: number) => {
      const structs = structsWithin(depth).map((one, place) => {
        const inner = one.fields[0];
        if (place > 0) inner.type = { baseType: OBJECT, index: depth - place + 1 };
        return one;
      });
      return draft([tableOf('T', INT), ...structs.toReversed()]);
    };
    expect(readSchema(outermostFirst(structDepth)).objects).toHaveLength(structDepth + 1);
    expect(refusal(() => readSchema(outermostFirst(structDepth + 1))).code).toBe('RESOURCE_EXHAUSTED');
    expect(refusal(() => readSchema(outermostFirst(10_000))).code).toBe('RESOURCE_EXHAUSTED');
  });

  it('is refused for structs that grow with each one around them', () => {
    const structs = Array.from({ length: 60 }, (_, index) => {
      const type = { baseType: 17, element: index === 0 ? 7 : OBJECT, index: index === 0 ? -1 : index };
      return structOf(`S${index}`, { ...type, fixedLength: 60_000 }, 60_000);
    });
    expect(refusal(() => readSchema(draft([tableOf('T', INT), ...structs]))).code).toBe('INVALID_ARGUMENT');
  });
});

describe('a large schema', () => {
  it('of 16,000 tables, each in the one before, is compiled and compared', () => {
    const tables = Array.from({ length: 16_000 }, (_, index) =>
      tableOf(`T${index}`, INT, { baseType: OBJECT, index: (index + 1) % 16_000 }),
    );
    const schema = readSchema(draft(tables));
    expect(schema.root).toBe(0);
    expect(compileRoot(schema, 0).rootName).toBe('T0');
    const rooted = { schema, root: 0 };
    expect(compareSchemas(rooted, rooted).findings).toEqual([]);
  });

  it('with as many fields as a table may have is compiled', () => {
    const schema = readSchema(crowdedBfbs({ ...FEW, fields: SCHEMA_BOUNDS.fieldsOfType }));
    expect(schema.objects[0]!.fields).toHaveLength(SCHEMA_BOUNDS.fieldsOfType);
    expect(compileRoot(schema, 0).program.names).toHaveLength(SCHEMA_BOUNDS.fieldsOfType);
  });

  it('that has nothing in common with the one before is refused, rather than compared for long', () => {
    const before = { schema: readSchema(crowdedBfbs({ ...FEW, fields: 12_000 })), root: 0 };
    const types = Array.from({ length: 12_000 }, () => ({ baseType: 13 }));
    const after = { schema: readSchema(draft([tableOf('T0', ...types)])), root: 0 };
    expect(refusal(() => compareSchemas(before, after)).code).toBe('RESOURCE_EXHAUSTED');
  });
});
