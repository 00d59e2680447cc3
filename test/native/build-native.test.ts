import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtAddon, PACKAGE_FOLDER } from '../support/native-addon.js';
import { installedCopy, toolbox } from './installed-copy.js';
import { runNode } from './run-node.js';

const install = (folder: string, env: Record<string, string>) =>
  runNode([join(folder, 'scripts/build-native.mjs')], { ...NPM, ...env });

/** Where npm has node-gyp, as it tells its scripts. */
const NPM: Record<string, string> =
  process.env.npm_config_node_gyp === undefined
    ? {}
    : { npm_config_node_gyp: process.env.npm_config_node_gyp };

const STATUS = `
  import { nativeStatus } from './dist/native/load-native.js';
  import { kernels } from './dist/native/kernels.js';
  const { inUse, why, advice } = nativeStatus();
  const digits = new TextEncoder().encode('123456789'.repeat(20));
  console.log(JSON.stringify({ inUse, why, advice, native: kernels().native, crc: kernels().crc32c(digits, 0, 9) }));
`;

async function statusIn(folder: string) {
  const { code, stdout, stderr } = await runNode(['--input-type=module', '--eval', STATUS], {}, folder);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const readStatus = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'native/build/status.json'), 'utf8'));

describe('the install script', () => {
  it.each([
    { what: 'nothing', tools: [], missing: 'no python3' },
    { what: 'only Python', tools: ['python3'], missing: 'no make' },
    { what: 'no compiler', tools: ['python3', 'make'], missing: 'no C++ compiler' },
  ])(
    'ends well on a machine with $what, says so in one line, and TypeScript does the work',
    async (machine) => {
      const folder = installedCopy();
      const { code, stdout, stderr } = await install(folder, { PATH: toolbox(...machine.tools) });
      expect([code, stdout]).toEqual([0, '']);
      expect(stderr).toBe(
        `modwire: no native addon, TypeScript does its work: ${machine.missing} (docs/native.md)\n`,
      );
      expect(readStatus(folder)).toMatchObject({ built: false, reason: machine.missing });
      expect(await statusIn(folder)).toEqual({
        inUse: false,
        why: `it could not be built: ${machine.missing}`,
        advice: expect.stringMatching(
          /^install a C\+\+ compiler, make and python3, then run node .*build-native/,
        ),
        native: false,
        crc: 0xe3069283,
      });
    },
  );

  it('ends well where a tool fails, and keeps what it said', async () => {
    const folder = installedCopy();
    // All of them say that they are there and then make nothing.
    const { code, stderr } = await install(folder, { PATH: toolbox('python3', 'make', 'c++') });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^modwire: no native addon, TypeScript does its work: [^\n]+\n$/);
    const status = readStatus(folder);
    expect(status.built).toBe(false);
    expect(readFileSync(status.log, 'utf8')).toMatch(/gyp/);
    expect((await statusIn(folder)).inUse).toBe(false);
  });

  it('builds nothing where MODWIRE_NATIVE is 0', async () => {
    const folder = installedCopy();
    const { code, stderr } = await install(folder, { PATH: process.env.PATH ?? '', MODWIRE_NATIVE: '0' });
    expect([code, stderr]).toEqual([0, expect.stringContaining('MODWIRE_NATIVE was 0 at install')]);
    expect(existsSync(join(folder, 'native/build/Release'))).toBe(false);
  });

  it('takes away the addon of other sources when it cannot build those that are there', async () => {
    const folder = installedCopy();
    mkdirSync(join(folder, 'native/build/Release'), { recursive: true });
    writeFileSync(join(folder, 'native/build/Release/modwire.node'), 'of another version');
    expect((await statusIn(folder)).why).toMatch(/^it cannot be loaded: /);
    await install(folder, { PATH: toolbox() });
    expect((await statusIn(folder)).why).toBe('it could not be built: no python3');
  });

  it('is not what the package waits for: without it TypeScript does the work', async () => {
    const folder = installedCopy();
    expect(await statusIn(folder)).toMatchObject({
      inUse: false,
      why: 'it was not built: install scripts did not run',
      advice: expect.stringContaining('build-native.mjs'),
      crc: 0xe3069283,
    });
  });

  it.skipIf(builtAddon() === undefined)('finds the addon of this checkout up to date', async () => {
    const { code } = await runNode([join(PACKAGE_FOLDER, 'scripts/build-native.mjs'), '--check'], {});
    expect(code, 'the sources have changed: run node scripts/build-native.mjs').toBe(0);
  });
});
