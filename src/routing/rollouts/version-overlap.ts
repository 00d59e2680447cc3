import Range from 'semver/classes/range.js';
import SemVer from 'semver/classes/semver.js';

/**
 * Whether a version is in both ranges, which `VersionRange` has let pass; with the same range twice, whether any is in it.
 * Exact also for pre-releases, which are only in ranges that name one of the same version: `^1.4` and `1.5.0-rc.1` have
 * none in common, although the one is between the ends of the other.
 */
export function versionsOverlap(a: string, b: string): boolean {
  const left = new Range(a);
  const right = new Range(b);
  return witnesses(left, right).some((version) => left.test(version) && right.test(version));
}

/** Versions of which one is in both ranges if any is: where one of the ends is, or the first behind it. */
function witnesses(...ranges: Range[]): SemVer[] {
  const found = [new SemVer('0.0.0')];
  for (const { semver: end } of ranges.flatMap(({ set }) => set.flat())) {
    // An end of `*` is none.
    if (!(end instanceof SemVer)) continue;
    const { major, minor, patch, prerelease, version } = end;
    const release = `${major}.${minor}.${patch}`;
    found.push(end, new SemVer(release), new SemVer(`${release}-0`));
    found.push(prerelease.length > 0 ? extended(end) : new SemVer(version).inc('patch'));
  }
  return found;
}

/** The first version behind a pre-release; not from its text, which may be longer than the package reads. */
function extended({ major, minor, patch, prerelease, version }: SemVer): SemVer {
  const release = new SemVer(`${major}.${minor}.${patch}`);
  return Object.assign(release, { prerelease: [...prerelease, 0], version: `${version}.0` });
}
