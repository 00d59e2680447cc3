import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatMegabytes,
  formatMillis,
  formatTable,
  latencyCells,
} from '../../src/demo/table.js';

describe('tables', () => {
  const rows = [
    ['stage', 'published', 'lost', 'frames/s', 'MB/s', 'p50', 'p99', 'max'],
    ['features → worker 0', '1,000', '0', '500', '2.5', '0.50', '1.00', '12.5'],
    ['feedback → gateway', '17', '3', '1', '0.0', '-', '-', '-'],
  ];

  it('have their first column to the left and numbers to the right', () => {
    expect(formatTable(rows, Infinity)).toEqual([
      'stage                published  lost  frames/s  MB/s   p50   p99   max',
      'features → worker 0      1,000     0       500   2.5  0.50  1.00  12.5',
      'feedback → gateway          17     3         1   0.0     -     -     -',
    ]);
  });

  it('do without some columns where there is not enough room, the least telling first', () => {
    const heads = (width: number) => formatTable(rows, width)[0]!.split(/ {2,}/);
    expect(heads(70)).toEqual(['stage', 'published', 'lost', 'frames/s', 'MB/s', 'p50', 'p99', 'max']);
    expect(heads(69)).toEqual(['stage', 'published', 'lost', 'frames/s', 'p50', 'p99', 'max']);
    expect(heads(60)).toEqual(['stage', 'published', 'lost', 'frames/s', 'p50', 'p99']);
    expect(heads(50)).toEqual(['stage', 'published', 'lost', 'p50', 'p99']);
    for (let width = 45; width < 75; width++) {
      for (const line of formatTable(rows, width)) expect(line.length).toBeLessThanOrEqual(width);
    }
    expect(heads(1)).toEqual(['stage', 'published', 'lost', 'p99']);
  });

  it('show counts, megabytes and milliseconds with the digits that are worth reading', () => {
    expect([0, 999, 1_234_567.4].map(formatCount)).toEqual(['0', '999', '1,234,567']);
    expect([0, 49_999, 12_345_678].map(formatMegabytes)).toEqual(['0.0', '0.0', '12.3']);
    expect([1, 312, 9_994, 12_345, 99_940, 123_456, 3_600_000_000].map(formatMillis)).toEqual([
      '0.00',
      '0.31',
      '9.99',
      '12.3',
      '99.9',
      '123',
      '3,600,000',
    ]);
    expect(latencyCells(undefined)).toEqual(['-', '-', '-', '-']);
    expect(latencyCells({ p50: 500, p99: 1_000, p999: 20_000, max: 300_000 })).toEqual([
      '0.50',
      '1.00',
      '20.0',
      '300',
    ]);
  });
});
