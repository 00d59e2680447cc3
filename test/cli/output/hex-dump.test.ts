import { describe, expect, it } from 'vitest';
import { hexDump, hexDumpAround } from '../../../src/cli/output/hex-dump.js';
import { createStyle, wantsColour } from '../../../src/cli/output/style.js';

const plain = createStyle(false);
const bytes = Uint8Array.from({ length: 40 }, (_, index) => 0x30 + index);

describe('a hex dump', () => {
  it('has rows of 16 bytes with their offsets and their ASCII', () => {
    expect(hexDump(bytes, 4, 24, plain)).toEqual([
      '0x0004  34 35 36 37 38 39 3a 3b 3c 3d 3e 3f 40 41 42 43  456789:;<=>?@ABC',
      '0x0014  44 45 46 47                                      DEFG',
    ]);
  });

  it('marks the byte at an offset, between the rows around it', () => {
    expect(hexDumpAround(bytes, 18, plain)).toEqual([
      '0x0000  30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f  0123456789:;<=>?',
      '0x0010  40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  @ABCDEFGHIJKLMNO',
      '              ^^',
      '0x0020  50 51 52 53 54 55 56 57                          PQRSTUVW',
    ]);
  });

  it.each([0, 15, 16, 39, 40, 48])('marks offset %d under its byte, or where it is missing', (offset) => {
    const lines = hexDumpAround(bytes, offset, plain);
    const mark = lines.findIndex((line) => line.trim() === '^^');
    const row = lines[mark - 1]!;
    expect(Number(row.slice(0, 6))).toBe(offset - (offset % 16));
    const column = lines[mark]!.indexOf('^^');
    expect(row.slice(column, column + 2).trim()).toBe(
      offset < bytes.length ? bytes[offset]!.toString(16) : '',
    );
  });
});

describe('colours', () => {
  it('are for terminals that want them', () => {
    expect(wantsColour(true, {})).toBe(true);
    expect(wantsColour(true, { NO_COLOR: '' })).toBe(true);
    expect(wantsColour(true, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour(true, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour(false, {})).toBe(false);
  });

  it('end where their text ends', () => {
    expect(createStyle(true).red('x')).toBe('\u001b[31mx\u001b[39m');
    expect(plain.red('x')).toBe('x');
  });
});
