import Range from 'semver/classes/range.js';
import SemVer from 'semver/classes/semver.js';
import { ModwireError } from '../errors.js';

const MAX_CHARACTERS = 256;
/** Versions whose verdict a range remembers, and ranges that are kept. At the bound all are forgotten. */
const MAX_VERDICTS = 64;
const MAX_RANGES = 1_024;

/** Throws INVALID_ARGUMENT unless `text` is a version by SemVer 2.0.0, such as 1.4.0 or 2.0.0-rc.1. */
export function checkVersion(text: string): void {
  if (parseVersion(text) !== undefined) return;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a version',
    expected: 'SemVer, such as 1.4.0',
    got: shown(text),
  });
}

/** Negative when `a` is lower. An empty text, which is no version, is lowest; equal versions are in the order of their builds. */
export function compareVersions(a: string, b: string): number {
  if (a === '' || b === '') return a.length - b.length;
  const version = new SemVer(a);
  return version.compare(b) || version.compareBuild(b);
}

/**
 * A range of versions as npm writes them: `^1.2`, `~1.2.3`, `>=1 <2`, `*`, `1.4.0`, alternatives with `||`. A pre-release is
 * only in a range that names one of the same version.
 */
export class VersionRange {
  readonly #text: string;
  readonly #range: Range;
  /** Versions have to be in this one as well. */
  readonly #other: VersionRange | undefined;
  readonly #verdicts = new Map<string, boolean>();

  /** With `other`, of what is in both. Throws INVALID_ARGUMENT. */
  constructor(text: string, other?: VersionRange) {
    const range = parseRange(text);
    if (range === undefined) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'not a range of versions',
        expected: 'a range such as ^1.2, ~1.2.3, >=1 <2 or *',
        got: shown(text),
      });
    }
    this.#text = text;
    this.#range = range;
    this.#other = other;
  }

  /** As it was written; of what is in several, theirs. */
  get text(): string {
    return this.#other === undefined ? this.#text : `${this.#text} and ${this.#other.text}`;
  }

  /** What is in both. */
  and(other: VersionRange): VersionRange {
    return new VersionRange(this.#text, this.#other?.and(other) ?? other);
  }

  /** Whether a version that `checkVersion` lets pass is in the range. Nobody's version, an empty text, is in none. */
  includes(version: string): boolean {
    const known = this.#verdicts.get(version);
    if (known !== undefined) return known;
    const verdict = this.#range.test(version) && this.#other?.includes(version) !== false;
    if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear();
    this.#verdicts.set(version, verdict);
    return verdict;
  }
}

/** Ranges by their text: reading one takes fifty microseconds, and requests bring the same few again and again. */
export class VersionRanges {
  readonly #ranges = new Map<string, VersionRange>();

  /** Throws INVALID_ARGUMENT. */
  of(text: string): VersionRange {
    const known = this.#ranges.get(text);
    if (known !== undefined) return known;
    const range = new VersionRange(text);
    if (this.#ranges.size >= MAX_RANGES) this.#ranges.clear();
    this.#ranges.set(text, range);
    return range;
  }
}

function parseVersion(text: string): SemVer | undefined {
  // The package also takes a `v` in front and blanks around, which would make two texts of one version.
  if (!/^\d/.test(text) || text.trim() !== text) return undefined;
  try {
    return new SemVer(text);
  } catch {
    return undefined;
  }
}

function parseRange(text: string): Range | undefined {
  // Nothing at all means everything to the package; here it is more likely a mistake.
  if (text.trim() === '' || text.length > MAX_CHARACTERS) return undefined;
  try {
    return new Range(text);
  } catch {
    return undefined;
  }
}

function shown(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
