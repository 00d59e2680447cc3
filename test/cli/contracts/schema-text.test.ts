import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSchema } from '../../../src/cli/contracts/schema-file.js';
import { schemaText } from '../../../src/cli/contracts/schema-text.js';
import { CHANGES } from '../../support/compatibility/changes.js';
import { planText, schemaPlan, style } from '../../support/schema-plan.js';
import { bfbsOf } from '../../support/schemas.js';
import { ALL_FEATURES } from '../../support/transcoding-schemas.js';

/** The id of a schema, and of what is made of its text. */
async function ids(text: string): Promise<[string, string]> {
  const schema = loadSchema(await bfbsOf(text));
  const again = loadSchema(await bfbsOf(schemaText(schema).join('\n')));
  return [schema.schemaId, again.schemaId];
}

describe('the text of a schema', () => {
  it('means the same when it is compiled again', async () => {
    await fc.assert(
      fc.asyncProperty(schemaPlan, style, async (plan, written) => {
        const [id, again] = await ids(planText(plan, written));
        expect(again).toBe(id);
      }),
      { numRuns: 100 },
    );
  });

  const kept = CHANGES.filter(({ title }) => title !== 'a default of a string');

  it.each(kept)('means the same of both schemas when $title', async ({ before, after }) => {
    for (const text of [before, after]) {
      const [id, again] = await ids(text);
      expect(again).toBe(id);
    }
  });

  it('keeps every feature', async () => {
    const [id, again] = await ids(ALL_FEATURES);
    expect(again).toBe(id);
  });

  it('says where it lacks a default', async () => {
    const schema = loadSchema(
      await bfbsOf('table T { a:string = "x"; b:[int] = []; c:string; } root_type T;'),
    );
    const lost = ' // and a default, which .bfbs does not keep';
    expect(schemaText(schema)).toEqual([
      ...[
        '',
        'table T {',
        `  a : string (id: 0);${lost}`,
        `  b : [int] (id: 1);${lost}`,
        '  c : string (id: 2);',
      ],
      ...['}', '', 'root_type T;'],
    ]);
  });

  it('leaves out what the root does not hold', async () => {
    const schema = loadSchema(
      await bfbsOf('namespace a; table Other {} table T { a:int = 5; } root_type T;'),
    );
    expect(schemaText(schema)).toEqual([
      ...['', 'namespace a;', '', 'table T {', '  a : int = 5 (id: 0);', '}'],
      ...['', 'root_type a.T;'],
    ]);
  });
});
