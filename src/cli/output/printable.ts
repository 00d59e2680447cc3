/**
 * Control characters and those that change the direction of text. What others published must not be able to move
 * the cursor, recolour a terminal or forge a line.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text on one line that cannot act on a terminal: what could is written as JSON escapes it. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n';
    if (character === '\r') return '\\r';
    if (character === '\t') return '\\t';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** A value as JSON on one line that cannot act on a terminal either. */
export function toJsonLine(value: unknown): string {
  // Outside its strings JSON has no such characters, and inside them an escape means the same.
  return printable(JSON.stringify(value));
}

/**
 * JSON text on one line, otherwise as it was written: long numbers keep all their digits. Throws SyntaxError when
 * it is not JSON.
 */
export function jsonOnOneLine(text: string): string {
  JSON.parse(text);
  return printable(text.trim().replace(/[\n\r\t]+ */g, ' '));
}
