import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ReplyComparison } from '../../src/mirroring/difference.js';
import { DifferenceReport } from '../../src/mirroring/difference-report.js';
import { tensor } from '../../src/tensors/index.js';
import { compareTwo, compiled, jsonReply, tableReply, tensorReply } from '../support/mirrored.js';

const compareJson = (a: unknown, b: unknown) => compareTwo(jsonReply(a), jsonReply(b));

/** Of one path, and no other. */
function comparisonAt(path: string, differs: boolean): ReplyComparison {
  const first = { kind: 'value', at: path, primary: '1', shadow: '2' } as const;
  const numbers = { compared: 1, differing: 1, maxAbsolute: 1, maxRelative: 0.5 };
  return {
    differences: differs ? [{ path, kinds: { value: 1 }, ...numbers, first }] : [],
    ...{ paths: [path], leftOut: [] },
  };
}

describe('a report of differences', () => {
  it('finds in 1,000 requests to a drifting version exactly the fields that drift', async () => {
    const schema = await compiled(`
      table Item { id : long; price : float; weight : double; }
      table Quote { items : [Item]; total : double; currency : string; note : string; }
      root_type Quote;`);
    const report = new DifferenceReport();
    for (let request = 0; request < 1_000; request++) {
      const quote = (drift: number, rounding: number) => ({
        items: Array.from({ length: 1 + (request % 4) }, (_, index) => ({
          ...{ id: request * 10 + index, weight: (request + index + 1) * (1 + rounding) },
          price: (request + 1) * (index % 2 === 1 ? drift : 1 + rounding),
        })),
        total: (request + 1) * (request % 100 === 8 ? drift : 1),
        currency: 'EUR',
      });
      report.add(
        `r${request}`,
        compareTwo(tableReply(schema, quote(1, 0)), tableReply(schema, quote(1.01, 1e-10))),
      );
    }
    const { requests, differing, leftOut, paths, agreeing } = report.toJSON();
    expect({ requests, differing, leftOut }).toEqual({ requests: 1_000, differing: 760, leftOut: {} });
    expect(paths).toEqual([
      {
        ...{ path: 'items[].price', compared: 1_000, differing: 750, kinds: { value: 750 } },
        ...{ maxAbsolute: expect.closeTo(10, 3), maxRelative: expect.closeTo(0.01 / 1.01, 6) },
        example: { request: 'r1', kind: 'value', at: 'items[1].price', primary: '2', shadow: '2.02' },
      },
      {
        ...{ path: 'total', compared: 1_000, differing: 10, kinds: { value: 10 } },
        ...{ maxAbsolute: expect.closeTo(9.09, 6), maxRelative: expect.closeTo(0.01 / 1.01, 12) },
        example: { request: 'r8', kind: 'value', at: 'total', primary: '9', shadow: '9.09' },
      },
    ]);
    // outcome, replies, payload, items, items[], items[].id, items[].weight, currency.
    expect(agreeing).toBe(8);
  });

  it('finds in 1,000 answers of a drifting model exactly the outputs that drift', () => {
    const report = new DifferenceReport();
    for (let request = 0; request < 1_000; request++) {
      const answer = (drift: number, rounding: number) =>
        tensorReply([
          tensor(
            'FP32',
            [8],
            Float32Array.from({ length: 8 }, (_, at) => Math.sin(request + at) * drift),
            {
              name: 'scores',
            },
          ),
          tensor(
            'FP16',
            [4],
            [1, 2, 3, request % 7].map((value) => value * (1 + rounding)),
            { name: 'hidden' },
          ),
          tensor('INT64', [1], [request], { name: 'label' }),
        ]);
      report.add(`r${request}`, compareTwo(answer(1, 0), answer(1.001, 1e-4)));
    }
    const { differing, paths } = report.toJSON();
    expect(differing).toBe(1_000);
    expect(paths.map(({ path, differing: requests }) => [path, requests])).toEqual([
      ['outputs.scores', 1_000],
    ]);
    expect(paths[0]!.maxRelative).toBeCloseTo(0.001, 5);
  });

  it('counts requests by kind, and keeps the first example and the largest difference', () => {
    const report = new DifferenceReport();
    report.add('a', compareJson({ x: 1, y: 1 }, { x: 1, y: 1 }));
    report.add('b', compareJson({ x: 1, y: 1 }, { x: 3, y: 1 }));
    report.add('c', compareJson({ x: 8, y: 1 }, { x: 4 }));
    report.add('d', compareJson({ x: 8, y: 1 }, { x: '', y: 'z' }));
    expect(report.toJSON()).toEqual({
      ...{ requests: 4, differing: 3, leftOut: {}, agreeing: 3, unlisted: 0 },
      paths: [
        {
          ...{ path: 'x', compared: 4, differing: 3, kinds: { value: 2, type: 1 } },
          ...{ maxAbsolute: 4, maxRelative: expect.closeTo(2 / 3, 12) },
          example: { request: 'b', kind: 'value', at: 'x', primary: '1', shadow: '3' },
        },
        {
          ...{ path: 'y', compared: 4, differing: 2, kinds: { missing: 1, type: 1 } },
          ...{ maxAbsolute: null, maxRelative: null },
          example: { request: 'c', kind: 'missing', at: 'y', primary: '1', shadow: 'absent' },
        },
      ],
    });
  });

  it('counts requests that were not compared to their end', () => {
    const report = new DifferenceReport();
    report.add('a', compareTwo(jsonReply([1, 2, 3]), jsonReply([1, 2, 3]), { maxElements: 2 }));
    report.add('b', compareTwo(jsonReply([1, 2, 3]), jsonReply([1, 2, 3]), { maxElements: 2, maxPaths: 0 }));
    report.add('c', compareJson([1], [1]));
    expect(report.toJSON().leftOut).toEqual({ elements: 2, paths: 1 });
  });

  it('forgets paths that never differed for such that do, the oldest first', () => {
    const report = new DifferenceReport(3);
    for (const path of ['a', 'b', 'c', 'd', 'a']) report.add('1', comparisonAt(path, false));
    report.add('2', comparisonAt('b', true));
    expect(report.toJSON()).toMatchObject({ agreeing: 2, paths: [{ path: 'b', compared: 2, differing: 1 }] });
    report.add('3', comparisonAt('e', true));
    report.add('4', comparisonAt('a', true));
    report.add('5', comparisonAt('f', true));
    report.add('6', comparisonAt('e', false));
    expect(report.toJSON()).toMatchObject({ requests: 10, differing: 4, agreeing: 0, unlisted: 1 });
    expect(report.toJSON().paths.map(({ path, compared }) => [path, compared])).toEqual([
      ['a', 1],
      ['b', 2],
      ['e', 2],
    ]);
  });

  it('never has more paths than it may, whatever it is told, and is plain JSON', () => {
    const found = fc.tuple(fc.constantFrom(...'abcdefgh'), fc.boolean());
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.array(found, { maxLength: 60 }), (most, all) => {
        const report = new DifferenceReport(most);
        for (const [path, differs] of all) report.add('r', comparisonAt(path, differs));
        const { paths, agreeing, unlisted, requests, differing } = report.toJSON();
        const distinct = new Set(all.map(([path]) => path));
        const wrong = new Set(all.filter(([, differs]) => differs).map(([path]) => path));
        expect(paths.length + agreeing).toBe(Math.min(most, distinct.size));
        expect(paths).toHaveLength(Math.min(most, wrong.size));
        expect(paths.reduce((sum, one) => sum + one.differing, unlisted)).toBe(differing);
        expect([requests, differing]).toEqual([all.length, all.filter(([, differs]) => differs).length]);
        expect(JSON.parse(JSON.stringify(report))).toEqual(report.toJSON());
      }),
    );
  });
});
