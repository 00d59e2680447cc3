import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkJson } from '../../src/broker/check-json.js';

const bytes = (text: string) => new TextEncoder().encode(text);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('checkJson', () => {
  it('takes what JSON.parse takes, and nothing else', async () => {
    const damaged = fc
      .tuple(
        fc.json({ maxDepth: 4 }),
        fc.nat(),
        fc.constantFrom('', ',', ']', '}', '[', '{', '"', ':', '0', ' ', 'e', '-'),
      )
      .map(([text, at, piece]) => {
        const place = at % (text.length + 1);
        return text.slice(0, place) + piece + text.slice(place + (at % 2));
      });
    const property = fc.asyncProperty(fc.oneof(fc.json(), damaged), async (text) => {
      const accepted = await checkJson(bytes(text)).then(
        () => true,
        () => false,
      );
      expect([text, accepted]).toEqual([text, isJson(text)]);
    });
    // Halves of surrogate pairs are no UTF-8 and refused, escaped too: JSON.parse makes texts of them.
    await fc.assert(property, { numRuns: 2_000 });
  });

  it.each([
    ['', 'expected a value, got the end of the text (at byte 0)'],
    ['[1,]', "expected a value, got ']' (at byte 3)"],
    ['{"a":1', "expected ',' or '}', got the end of the text (at byte 6)"],
    ['{"a":[{}', "expected ',' or ']', got the end of the text (at byte 8)"],
    ['[1] 2', "expected the end of the text, got '2' (at byte 4)"],
    ['[1}', "expected ',' or ']', got '}' (at byte 2)"],
  ])('says of %j where it goes wrong', async (text, message) => {
    const refused = checkJson(bytes(text));
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(refused).rejects.toThrow(message);
  });

  it('gives others their turn while it looks at a long text', async () => {
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    await checkJson(bytes(`[${'[],'.repeat(200_000)}{}]`));
    done = true;
    expect(turns).toBeGreaterThan(10);
  });

  it('takes any depth, and builds nothing', async () => {
    const depth = 1_000_000;
    await checkJson(bytes('['.repeat(depth) + ']'.repeat(depth)));
    await expect(checkJson(bytes('['.repeat(depth)))).rejects.toThrow(`at byte ${depth}`);
  });
});
