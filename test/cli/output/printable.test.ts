import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonOnOneLine, printable, toJsonLine } from '../../../src/cli/output/printable.js';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('\u001b', '\u009b', '\n', '\u202e', 'a') }),
);
const acting = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/u;

describe('text for a terminal', () => {
  it('holds nothing that acts on it, whatever was published', () => {
    const property = fc.property(hostile, (text) => {
      expect(printable(text)).not.toMatch(acting);
    });
    fc.assert(property);
  });

  it('is otherwise as it was', () => {
    expect(printable('größe 東京 🚀')).toBe('größe 東京 🚀');
    expect(printable('a\nb\t\u001b[31mred\u009b')).toBe('a\\nb\\t\\u001b[31mred\\u009b');
  });
});

describe('a line of JSON', () => {
  it('means the same and holds nothing that acts on a terminal', () => {
    const values = fc.oneof(fc.jsonValue(), fc.dictionary(hostile, hostile));
    fc.assert(
      fc.property(values, (value) => {
        const line = toJsonLine(value);
        expect(line).not.toMatch(acting);
        expect(JSON.parse(line)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is made of JSON text of many lines', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(4), hostile, (value, indent, extra) => {
        const text = JSON.stringify({ value, extra }, undefined, indent);
        const line = jsonOnOneLine(text);
        expect(line).not.toMatch(acting);
        expect(JSON.parse(line)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('keeps the digits that it was written with', () => {
    expect(jsonOnOneLine('{\n  "id": 12345678901234567890,\r\n\t"x": 1.10\n}\n')).toBe(
      '{ "id": 12345678901234567890, "x": 1.10 }',
    );
  });

  it('is not made of anything else', () => {
    expect(() => jsonOnOneLine('{age: 7}')).toThrow(SyntaxError);
  });
});
