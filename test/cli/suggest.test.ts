import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/cli/suggest.js';

const NAMES = [
  'serve',
  'pub',
  'sub',
  'inspect',
  'limits',
  'limits.maxFrameBytes',
  'max-frame-bytes',
  'max-batch-bytes',
];

describe('the name that was meant', () => {
  it.each([
    ['serv', 'serve'],
    ['sreve', 'serve'],
    ['SERVE', 'serve'],
    ['pubs', 'pub'],
    ['inspct', 'inspect'],
    ['max-frame', 'max-frame-bytes'],
    ['max-fram-byte', 'max-frame-bytes'],
    ['limit', 'limits'],
  ])('by %s is %s', (word, name) => {
    expect(nearest(word, NAMES)).toBe(name);
  });

  it.each(['', 'x', 'publish-everything', 'help'])('by %j is unknown', (word) => {
    expect(nearest(word, NAMES)).toBeUndefined();
  });
});
