import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { PACKAGE_FOLDER } from '../support/native-addon.js';

/** The package as far as its kernels go, as it is installed, before its install script has run. It is gone after the test. */
export function installedCopy(): string {
  const folder = temporaryFolder();
  // Of what was built, what the tests use: programs, not what debuggers and compilers read, and no broker.
  const unused = /\.(map|d\.ts)$|\/dist\/(broker|cli|client|demo|flatc|registry|workers)$/;
  cpSync(join(PACKAGE_FOLDER, 'dist'), join(folder, 'dist'), {
    recursive: true,
    filter: (path) => !unused.test(path),
  });
  const sources = /\/native\/[a-z0-9-]+\.(cc|h|gyp)$/;
  cpSync(join(PACKAGE_FOLDER, 'native'), join(folder, 'native'), {
    recursive: true,
    filter: (path) => path.endsWith('/native') || sources.test(path),
  });
  mkdirSync(join(folder, 'scripts'));
  cpSync(join(PACKAGE_FOLDER, 'scripts/build-native.mjs'), join(folder, 'scripts/build-native.mjs'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
  symlinkSync(join(PACKAGE_FOLDER, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** A folder for the PATH with these programs and nothing else in it; each does nothing, and that well. */
export function toolbox(...programs: string[]): string {
  const folder = temporaryFolder();
  for (const name of programs) writeFileSync(join(folder, name), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  return folder;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'modwire-native-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
