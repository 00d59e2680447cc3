import { describe, expect, it } from 'vitest';
import { parsePlace, rangesText } from '../../../src/cli/streams/stream-place.js';

const NOW_MS = Date.parse('2026-03-01T12:00:00Z');

describe('a place in a stream', () => {
  it.each([
    ['1', { offset: 1 }],
    ['9007199254740991', { offset: 9007199254740991 }],
    ['2026-03-01T11:00:00Z', { time: NOW_MS - 3_600_000 }],
    ['2026-03-01T13:00:00+02:00', { time: NOW_MS - 3_600_000 }],
    ['2026-03-01', { time: NOW_MS - 43_200_000 }],
    ['-10m', { time: NOW_MS - 600_000 }],
    ['-1.5s', { time: NOW_MS - 1_500 }],
    ['-0s', { time: NOW_MS }],
  ])('is %s', (text, place) => {
    expect(parsePlace(text, NOW_MS)).toEqual(place);
  });

  it.each([
    '',
    '0',
    '01',
    '1.5',
    '-',
    '--1s',
    '-1d',
    '10m',
    '9007199254740992',
    '2026-13-01',
    'now',
    '2026'.padEnd(20, 'x'),
  ])('is not %j', (text) => {
    expect(parsePlace(text, NOW_MS)).toBeUndefined();
  });
});

it('ranges of offsets are written as one where they are one', () => {
  expect(
    rangesText([
      { first: 3, last: 3 },
      { first: 5, last: 9 },
    ]),
  ).toBe('3, 5 to 9');
});
