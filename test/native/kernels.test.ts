import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PACKAGE_FOLDER } from '../support/native-addon.js';

const NATIVE = join(PACKAGE_FOLDER, 'native');
const COMPILER = process.env.CXX ?? 'g++';
const FLAGS = ['-std=c++17', '-O1', '-g', '-Wall', '-Wextra', '-Wpedantic', '-Werror'];
FLAGS.push('-fno-exceptions', '-fsanitize=address,undefined', '-fno-sanitize-recover=all');

const compiler = spawnSync(COMPILER, ['--version'], { stdio: 'ignore' }).status === 0;
if (!compiler) {
  const advice = 'install g++ (or set CXX) to run the C++ kernels with sanitizers';
  if (process.env.CI === 'true') throw new Error(advice);
  console.warn(`skipped: ${advice}`);
}

/** Files of a folder by their ends, sorted. */
const filesIn = (folder: string, end: RegExp) =>
  readdirSync(folder)
    .filter((name) => end.test(name))
    .sort()
    .map((name) => join(folder, name));

/** Compiles native/test/kernels.cc with all kernels, unless that was done before for the same sources. */
function buildProgram(): string {
  const kernels = filesIn(NATIVE, /\.cc$/).filter((path) => !path.endsWith('addon.cc'));
  const sources = [...kernels, ...filesIn(join(NATIVE, 'test'), /\.cc$/)];
  const headers = [...filesIn(NATIVE, /\.h$/), ...filesIn(join(NATIVE, 'test'), /\.h$/)];
  const key = createHash('sha256').update(JSON.stringify([COMPILER, FLAGS]));
  for (const path of [...sources, ...headers]) key.update(path).update(readFileSync(path));
  const folder = join(PACKAGE_FOLDER, 'build/native-kernels', key.digest('hex').slice(0, 16));
  const program = join(folder, 'kernels');
  if (existsSync(program)) return program;
  mkdirSync(folder, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  execFileSync(COMPILER, [...FLAGS, ...sources, '-o', unfinished], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  renameSync(unfinished, program);
  return program;
}

test.skipIf(!compiler)(
  'the C++ kernels do what they should, without a warning or a fault of memory',
  () => {
    const { status, stdout, stderr } = spawnSync(buildProgram(), { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\d{7,} checks, 0 failed; /);
  },
  60_000,
);

test('the C++ kernels know nothing of N-API: one file does', () => {
  const users = filesIn(NATIVE, /\.(cc|h)$/).filter((path) =>
    /napi|node_api/.test(readFileSync(path, 'utf8')),
  );
  expect(users).toEqual([join(NATIVE, 'addon.cc')]);
});
