import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonErrorOffset } from '../../../src/cli/config/json-place.js';

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the place where a text stops being JSON', () => {
  it.each([
    ['{"a": }', 6],
    ['{"a": 1 "b": 2}', 8],
    ['{"a": 1,}', 8],
    ['{a: 1}', 1],
    ["{'a': 1}", 1],
    ['{"a": 1} x', 9],
    ['{"a": "\n"}', 6],
    ['{"a": 01}', 7],
    ['[1, 2', 5],
    ['{"a"', 4],
    ['// no comments\n{}', 0],
    ['', 0],
  ])('of %j is %d', (text, offset) => {
    expect(isJson(text)).toBe(false);
    expect(jsonErrorOffset(text)).toBe(offset);
  });

  it('is nowhere in JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.nat(3), (text, indent) => {
        expect(jsonErrorOffset(JSON.stringify(JSON.parse(text), undefined, indent))).toBeUndefined();
      }),
    );
  });

  it('exists exactly when JSON.parse refuses the text', () => {
    const piece = fc.constantFrom(...'{}[],:"\\ \n\t-+.0123eEtrufalsn/u', 'true', '"a"', '\u0001', 'é');
    const broken = fc
      .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(2), piece)
      .map(([text, at, removed, put]) => {
        const from = at % (text.length + 1);
        return text.slice(0, from) + put + text.slice(from + removed);
      });
    fc.assert(
      fc.property(broken, (text) => {
        expect(jsonErrorOffset(text) === undefined).toBe(isJson(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
