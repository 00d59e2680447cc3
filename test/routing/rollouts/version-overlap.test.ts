import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { versionsOverlap } from '../../../src/routing/rollouts/version-overlap.js';
import { VersionRange } from '../../../src/routing/version-range.js';

/** All versions of small numbers, with pre-releases of each. */
const NUMBERS = [0, 1, 2, 3];
const TAGS = ['', '-0', '-0.0', '-1', '-1.0', '-a', '-a.0', '-a.0.0', '-b'];
const VERSIONS = NUMBERS.flatMap((major) =>
  NUMBERS.flatMap((minor) =>
    NUMBERS.flatMap((patch) => TAGS.map((tag) => `${major}.${minor}.${patch}${tag}`)),
  ),
);

/** Ranges whose ends are among those, so that what two have in common is too. */
const part = fc.nat(2);
const version = fc
  .tuple(part, part, part, fc.constantFrom('', '', '', '-0', '-a', '-a.0', '-1'))
  .map(([major, minor, patch, tag]) => `${major}.${minor}.${patch}${tag}`);
const comparator = fc
  .tuple(fc.constantFrom('', '^', '~', '>', '>=', '<', '<='), version)
  .map((two) => two.join(''));
const range = fc.oneof(
  { weight: 8, arbitrary: fc.array(comparator, { minLength: 1, maxLength: 2 }).map((all) => all.join(' ')) },
  { weight: 2, arbitrary: fc.tuple(comparator, comparator).map((two) => two.join(' || ')) },
  { weight: 1, arbitrary: fc.constant('*') },
);

describe('two ranges of versions', () => {
  it('overlap exactly when a version is in both', () => {
    fc.assert(
      fc.property(range, range, (a, b) => {
        const [left, right] = [new VersionRange(a), new VersionRange(b)];
        const common = VERSIONS.find((one) => left.includes(one) && right.includes(one));
        expect([common, versionsOverlap(a, b)]).toEqual([common, common !== undefined]);
        expect(versionsOverlap(b, a)).toBe(common !== undefined);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['^1.0.0', '^2.0.0', false],
    ['^1.4.0', '1.5.0-rc.1', false],
    ['>=1.0.0', '2.0.0-rc.1', false],
    ['>=1.0.0-rc.1', '1.0.0-rc.2', true],
    ['<2', '>=2.0.0-0', false],
    ['1.4.0', '1.4.0', true],
    ['1.x || 3.x', '>=2 <3', false],
    ['1.x || 3.x', '>=2', true],
    ['*', '1.0.0-rc.1', false],
    ['>1.0.0 <1.0.1-b', '>1.0.0 <1.0.1-a', true],
  ])('%s and %s: %s', (a, b, overlap) => {
    expect(versionsOverlap(a, b)).toBe(overlap);
  });

  it.each([
    ['>2 <1', false],
    ['>1.0.0 <1.0.1', false],
    ['>1.0.0-a <1.0.0-a.0', false],
    ['>1.0.0-a <1.0.0-a.1', true],
    ['<0.0.0', false],
    ['*', true],
  ])('that are both %s overlap when it has any version: %s', (one, any) => {
    expect(versionsOverlap(one, one)).toBe(any);
  });

  it('are compared whatever the length of their versions', () => {
    const long = `1.0.0-${'a'.repeat(249)}`;
    expect(versionsOverlap(`>${long}`, `>${long}`)).toBe(true);
    expect(versionsOverlap(long, '^1')).toBe(false);
  });
});
