import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModwireError } from '../../src/errors.js';
import {
  checkVersion,
  compareVersions,
  VersionRange,
  VersionRanges,
} from '../../src/routing/version-range.js';

type Version = readonly [number, number, number];

const part = fc.nat(4);
const version: fc.Arbitrary<Version> = fc.tuple(part, part, part);

const textOf = (parts: readonly number[]) => parts.join('.');

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

function includes(range: string, one: Version): boolean {
  return new VersionRange(range).includes(textOf(one));
}

const invalid = (what: string, got: string) =>
  expect.objectContaining({ code: 'INVALID_ARGUMENT', detail: expect.objectContaining({ what, got }) });

describe('a range of versions', () => {
  it('says of every range by its rule what is in it', () => {
    fc.assert(
      fc.property(version, version, version, ([major, minor, patch], other, one) => {
        const from: Version = [major, minor, patch];
        const isFrom = compare(one, from) >= 0;
        const sameMajor = one[0] === major;
        const sameMinor = sameMajor && one[1] === minor;
        // The leftmost number that is not zero stays.
        const caret = major > 0 ? sameMajor : minor > 0 ? sameMinor : compare(one, from) === 0;
        const text = textOf(from);
        expect(includes(`^${text}`, one)).toBe(isFrom && caret);
        expect(includes(`~${text}`, one)).toBe(isFrom && sameMinor);
        expect(includes(text, one)).toBe(compare(one, from) === 0);
        expect(includes(`>=${text} <${textOf(other)}`, one)).toBe(isFrom && compare(one, other) < 0);
        expect(includes(`${text} || ${textOf(other)}`, one)).toBe(
          compare(one, from) === 0 || compare(one, other) === 0,
        );
        expect(includes(`^${major + 1}.${minor}`, [major + 1, one[1], one[2]])).toBe(one[1] >= minor);
        expect(includes('*', one)).toBe(true);
      }),
    );
  });

  it('has a pre-release only when it names one of the same version', () => {
    expect(new VersionRange('^1.2').includes('1.3.0-rc.1')).toBe(false);
    expect(new VersionRange('*').includes('1.3.0-rc.1')).toBe(false);
    expect(new VersionRange('^1.3.0-rc.0').includes('1.3.0-rc.1')).toBe(true);
    expect(new VersionRange('^1.3.0-rc.0').includes('1.4.0-rc.1')).toBe(false);
  });

  it('remembers its verdicts, and is right beyond what it remembers', () => {
    const range = new VersionRange('>=1.100.0');
    for (const round of [1, 2]) {
      for (let minor = 0; minor < 200; minor++) {
        expect([round, minor, range.includes(`1.${minor}.0`)]).toEqual([round, minor, minor >= 100]);
      }
    }
  });

  it.each(['', ' ', 'latest', '^1.2.x.4', '>=', '1.2.3 - ', '01.2.3', `>=1 ${'|| 1 '.repeat(100)}`])(
    'refuses %j',
    (text) => {
      const got = text.length > 80 ? `${text.slice(0, 80)}…` : text;
      expect(() => new VersionRange(text)).toThrow(invalid('not a range of versions', got));
    },
  );

  it('never throws anything but its refusal', () => {
    const characters = fc.constantFrom(...'0123456789.^~<>=*x|- va+'.split(''));
    fc.assert(
      fc.property(fc.string({ unit: characters, maxLength: 30 }), (text) => {
        try {
          new VersionRange(text).includes('1.2.3');
        } catch (error) {
          expect((error as ModwireError).code).toBe('INVALID_ARGUMENT');
        }
      }),
    );
  });
});

describe('two ranges', () => {
  it('have in common what is in both, and so have more than two', () => {
    const texts = fc.constantFrom(
      '^1.2',
      '~1.3.0',
      '>=1 <3',
      '*',
      '2.0.0-rc.1',
      '>=2.0.0-rc.0',
      '1.3.1 || 2',
    );
    const versions = fc.constantFrom('', '1.2.0', '1.3.1', '1.9.9', '2.0.0-rc.1', '2.0.0', '3.0.0');
    fc.assert(
      fc.property(fc.array(texts, { minLength: 1, maxLength: 4 }), versions, (all, one) => {
        const ranges = all.map((text) => new VersionRange(text));
        const left = ranges.reduce((common, range) => common.and(range));
        const right = ranges.reduceRight((common, range) => range.and(common));
        const expected = ranges.every((range) => range.includes(one));
        expect([left.includes(one), right.includes(one)]).toEqual([expected, expected]);
        expect(left.text).toBe(all.join(' and '));
      }),
    );
  });
});

describe('versions', () => {
  it('are in the order of SemVer, with none at all before all, and builds after one another', () => {
    const sorted = [
      '',
      '1.0.0-rc.1',
      '1.0.0-rc.10',
      '1.0.0',
      '1.0.0+1',
      '1.0.0+2',
      '1.9.0',
      '1.10.0',
      '2.0.0',
    ];
    expect(sorted.toReversed().sort(compareVersions)).toEqual(sorted);
    expect([compareVersions('', ''), compareVersions('1.0.0', '1.0.0')]).toEqual([0, 0]);
  });
});

describe('ranges of versions by their text', () => {
  it('are read once, and again when there were too many', () => {
    const ranges = new VersionRanges();
    const first = ranges.of('^1.0');
    expect(ranges.of('^1.0')).toBe(first);
    for (let major = 2; major < 1_100; major++)
      expect(ranges.of(`^${major}`).includes(`${major}.1.0`)).toBe(true);
    expect(ranges.of('^1.0')).not.toBe(first);
    expect(ranges.of('^1.0').includes('1.5.0')).toBe(true);
    expect(() => ranges.of('newest')).toThrow(ModwireError);
  });
});

describe('a version', () => {
  it.each(['0.0.0', '1.4.0', '2.0.0-rc.1', '1.0.0+build.5', '10.20.30-alpha'])('may be %s', (text) => {
    expect(() => checkVersion(text)).not.toThrow();
  });

  it.each([
    '',
    '1',
    '1.2',
    '1.2.3.4',
    'v1.2.3',
    '=1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    '01.2.3',
    '1.2.3-',
    '^1.2.3',
    'latest',
  ])('may not be %j', (text) => {
    expect(() => checkVersion(text)).toThrow(invalid('not a version', text));
  });

  it('may not be endless', () => {
    const text = `1.2.3-${'a'.repeat(300)}`;
    expect(() => checkVersion(text)).toThrow(invalid('not a version', `${text.slice(0, 80)}…`));
  });
});
