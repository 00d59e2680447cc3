import { ModwireError } from '../errors.js';

export type LmdbPackage = typeof import('lmdb');

let loaded: Promise<LmdbPackage> | undefined;

/**
 * The package, loaded when the first stream on disk is opened. Rejects with FAILED_PRECONDITION where it has no binary for
 * this platform, or was installed without.
 */
export function loadLmdb(): Promise<LmdbPackage> {
  loaded ??= import('lmdb').catch((cause) => {
    loaded = undefined;
    const [line] = (cause as Error).message.split('\n');
    throw new ModwireError('FAILED_PRECONDITION', {
      what: 'streams on disk need the package lmdb, which cannot be loaded',
      got: line!,
      where: `${process.platform} ${process.arch}, Node.js ${process.versions.node}`,
      advice:
        'install it with its optional packages (npm install --include=optional), or keep streams in memory',
      cause,
    });
  });
  return loaded;
}
