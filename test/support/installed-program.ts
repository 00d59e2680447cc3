import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { TestContext } from 'vitest';

/**
 * The path of a program that a test needs beside this package, by any of its names. Where there is none, the test is
 * skipped and says what to install; with CI=true it fails, since there nothing may go untested unnoticed.
 */
export function installedProgram(context: TestContext, names: readonly string[], aptPackage: string): string {
  const path = findProgram(names);
  if (path !== undefined) return path;
  const text = `none of ${names.join(', ')} is on the PATH: install one, on Debian with apt-get install ${aptPackage}`;
  if (process.env.CI === 'true') throw new Error(text);
  console.warn(`skipped: ${text}`);
  return context.skip(text);
}

function findProgram(names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
