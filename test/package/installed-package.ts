import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { PACKAGE_ROOT } from '../support/browser-bundle.js';
import { run } from './command.js';

/** What a checkout has at its root and a copy of it must not bring along. */
const NOT_COPIED = new Set(['node_modules', 'dist', 'build', 'native/build', '.git', 'coverage']);

/** Left over in the checkout from a source that is gone by now. */
export const STALE_FILE = 'dist/stale.js';

export interface InstalledPackage {
  /** A project that was empty until the package was installed in it. */
  readonly project: string;
  /** Where the package is in that project. */
  readonly folder: string;
  /** The files in the tarball, as npm lists them. */
  readonly files: readonly string[];
  remove(): void;
}

/**
 * Packs a copy of this checkout, built there anew, and installs the tarball in an empty project elsewhere.
 * It needs npm's registry or its cache for what the package depends on.
 */
export async function packAndInstall(): Promise<InstalledPackage> {
  const workspace = mkdtempSync(join(tmpdir(), 'modwire-package-'));
  const remove = () => rmSync(workspace, { recursive: true, force: true });
  try {
    const { tarball, files } = await pack(join(workspace, 'checkout'), workspace);
    const project = join(workspace, 'project');
    mkdirSync(project);
    // Newer versions of npm run install scripts of those only that are named.
    const manifest = { name: 'empty-project', private: true, allowScripts: { [`file:${tarball}`]: true } };
    writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
    await run(project, 'npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', tarball);
    return { project, folder: join(project, 'node_modules', 'modwire'), files, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

async function pack(checkout: string, destination: string): Promise<{ tarball: string; files: string[] }> {
  const filter = (path: string) => !NOT_COPIED.has(relative(PACKAGE_ROOT, path));
  cpSync(PACKAGE_ROOT, checkout, { recursive: true, filter });
  symlinkSync(join(PACKAGE_ROOT, 'node_modules'), join(checkout, 'node_modules'));
  mkdirSync(join(checkout, 'dist'));
  writeFileSync(join(checkout, STALE_FILE), '');
  const output = await run(checkout, 'npm', 'pack', '--json', '--pack-destination', destination);
  const [report] = JSON.parse(output) as [{ filename: string; files: { path: string }[] }];
  return { tarball: join(destination, report.filename), files: report.files.map((file) => file.path) };
}
