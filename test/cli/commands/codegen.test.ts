import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { loadSchema } from '../../../src/cli/contracts/schema-file.js';
import { ERRORS } from '../../../src/errors.js';
import { bundleForBrowser, PACKAGE_ROOT } from '../../support/browser-bundle.js';
import { ORDERS } from '../../support/order-schemas.js';
import { bfbsOf } from '../../support/schemas.js';
import { cleanUp, folder, run } from '../cli-process.js';
import { runHere } from '../run-here.js';

const inPackage: string[] = [];

afterEach(async () => {
  await cleanUp();
  for (const path of inPackage.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A folder with files, by their paths. */
function project(files: Readonly<Record<string, string>>, path = folder()): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(path, name, '..'), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return path;
}

/** One that finds the dependencies of this package. */
function projectInPackage(files: Readonly<Record<string, string>>): string {
  const parent = join(PACKAGE_ROOT, 'build/test-generated');
  mkdirSync(parent, { recursive: true });
  const path = mkdtempSync(join(parent, 'codegen-'));
  inPackage.push(path);
  return project(files, path);
}

function filesOf(path: string): Record<string, string> {
  const found = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = found.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((file) => [file.slice(path.length + 1), readFileSync(file, 'utf8')]));
}

const codegen = (cwd: string, ...args: readonly string[]) => runHere(['codegen', ...args], { cwd });

const SHOP = {
  'schemas/orders.fbs': `include "money.fbs"; namespace shop.ordersV2; enum Colour:ubyte { RED }
    table Order { id:string (required); price:shop.Money; colour:Colour; } root_type Order;`,
  'schemas/money.fbs': 'namespace shop; table Money { amount:long; }',
};

describe('modwire codegen', () => {
  it('writes a module for each type, and one with the schema for each root', async () => {
    const cwd = project(SHOP);
    const { code, lines, stderr } = await run(['codegen', 'schemas/orders.fbs', 'schemas/money.fbs'], {
      cwd,
    });
    expect([code, stderr]).toEqual([0, '']);
    const written = [
      'generated/orders.schema.ts',
      'generated/shop/money.ts',
      'generated/shop/orders-v2/colour.ts',
      'generated/shop/orders-v2/order.ts',
    ];
    expect(lines).toEqual(written.map((path) => `written ${path}`));
    expect(Object.keys(filesOf(join(cwd, 'generated')))).toEqual(written.map((path) => path.slice(10)));
  });

  it('makes what defineContract takes, and objects that survive a round trip', async () => {
    const cwd = projectInPackage({ 'orders.fbs': ORDERS.v1 });
    expect(await codegen(cwd, 'orders.fbs', '--out', '.')).toMatchObject({ code: 0 });
    const { defineContract } = await import('../../../src/index.js');
    const { Order, OrderT, schema, rootName } = await import(
      /* @vite-ignore */ pathToFileURL(join(cwd, 'orders.schema.ts')).href
    );
    const contract = defineContract({ name: 'orders', schema, root: Order });
    const order = new OrderT('o-1', 12.5);
    expect(contract.decode(contract.encode(order))).toEqual(order);
    expect([contract.rootName, rootName]).toEqual(['shop.Order', 'shop.Order']);
    expect(contract.hexId).toBe(loadSchema(await bfbsOf(ORDERS.v1)).schemaId);
  });

  it('makes modules that a browser takes without anything else', async () => {
    const cwd = projectInPackage({ 'orders.fbs': ORDERS.v1 });
    await codegen(cwd, 'orders.fbs', '--out', 'out');
    const program = `import { schema } from './out/orders.schema.js'; globalThis.length = schema.length;`;
    const { code, missing } = await bundleForBrowser(program, cwd);
    expect(missing).toEqual([]);
    const scope = { length: 0, atob, Uint8Array };
    new Function('globalThis', 'atob', 'Uint8Array', code)(scope, atob, Uint8Array);
    expect(scope.length).toBeGreaterThan(100);
  });

  it('leaves files alone that are right already', async () => {
    const cwd = project(SHOP);
    await codegen(cwd, 'schemas/orders.fbs');
    const before = filesOf(join(cwd, 'generated'));
    const money = join(cwd, 'generated/shop/money.ts');
    const { mtimeNs } = statSync(money, { bigint: true });
    writeFileSync(join(cwd, 'generated/shop/orders-v2/order.ts'), '// mine');
    const { code, lines } = await codegen(cwd, 'schemas/orders.fbs');
    expect([code, lines]).toEqual([
      0,
      ['written generated/shop/orders-v2/order.ts', '3 of 4 files were right already'],
    ]);
    expect(filesOf(join(cwd, 'generated'))).toEqual(before);
    expect(statSync(money, { bigint: true }).mtimeNs).toBe(mtimeNs);
  });

  it('writes the same wherever the schemas lie', async () => {
    const [one, other] = [project(SHOP), project(SHOP)];
    await codegen(one, 'schemas/orders.fbs');
    await codegen(other, join(other, 'schemas/orders.fbs'));
    expect(filesOf(join(one, 'generated'))).toEqual(filesOf(join(other, 'generated')));
  });

  it('looks for included files where --include says', async () => {
    const { 'schemas/money.fbs': money, 'schemas/orders.fbs': orders } = SHOP;
    const cwd = project({ 'orders.fbs': orders, 'shared/money.fbs': money });
    expect(await codegen(cwd, 'orders.fbs')).toMatchObject({ code: 2 });
    expect(await codegen(cwd, 'orders.fbs', '-I', 'shared')).toMatchObject({ code: 0 });
  });

  it('says in JSON what became of each file', async () => {
    const cwd = project({ 'ping.fbs': 'table Ping { at:ulong; } root_type Ping;' });
    await codegen(cwd, 'ping.fbs', '--out', 'a');
    writeFileSync(join(cwd, 'a/ping.ts'), '');
    const { lines } = await codegen(cwd, 'ping.fbs', '--out', 'a', '--json');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { path: 'a/ping.schema.ts', state: 'unchanged' },
      { path: 'a/ping.ts', state: 'written' },
    ]);
  });
});

describe('modwire codegen --check', () => {
  it('writes nothing, and fails when a file is missing or differs', async () => {
    const cwd = project(SHOP);
    const missing = await run(['codegen', 'schemas/orders.fbs', '--check'], { cwd });
    expect(missing.code).toBe(ERRORS.FAILED_PRECONDITION.exitCode);
    expect(missing.lines).toContain('missing generated/orders.schema.ts');
    expect(missing.stderr).toContain('run modwire codegen and commit what it writes');
    expect(readdirSync(cwd)).toEqual(['schemas']);
    await codegen(cwd, 'schemas/orders.fbs');
    expect(await codegen(cwd, 'schemas/orders.fbs', '--check')).toMatchObject({ code: 0, stderr: '' });
    project({ 'schemas/money.fbs': SHOP['schemas/money.fbs'].replace('long', 'int') }, cwd);
    const { code, lines } = await codegen(cwd, 'schemas/orders.fbs', '--check');
    expect(code).toBe(ERRORS.FAILED_PRECONDITION.exitCode);
    expect(lines).toEqual([
      'different generated/orders.schema.ts',
      'different generated/shop/money.ts',
      '2 of 4 files were right already',
    ]);
  });

  it('takes the ends of lines that git may have made', async () => {
    const cwd = project(SHOP);
    await codegen(cwd, 'schemas/orders.fbs');
    for (const [path, text] of Object.entries(filesOf(join(cwd, 'generated')))) {
      writeFileSync(join(cwd, 'generated', path), text.replaceAll('\n', '\r\n'));
    }
    expect(await codegen(cwd, 'schemas/orders.fbs', '--check')).toMatchObject({ code: 0 });
  });
});

describe('modwire codegen refuses', () => {
  const T = 'table T { a:int; } root_type T;';

  it.each([
    [[], {}, 'INVALID_ARGUMENT', 'an argument is missing'],
    [['nowhere.fbs'], {}, 'NOT_FOUND', 'no such schema'],
    [['t.bfbs'], { 't.bfbs': '' }, 'INVALID_ARGUMENT', 'expected a name that ends in .fbs, got "t.bfbs"'],
    [['t.fbs'], { 't.fbs': '\ntable T { a' }, 'INVALID_ARGUMENT', 't.fbs:2:'],
    [
      ['a/t.fbs', 'b/t.fbs'],
      { 'a/t.fbs': T, 'b/t.fbs': T.replaceAll('T', 'S') },
      'INVALID_ARGUMENT',
      'two schemas would be written to t.schema.ts',
    ],
    [
      ['a.fbs', 'b.fbs'],
      { 'a.fbs': T, 'b.fbs': T.replace('int', 'long') },
      'INVALID_ARGUMENT',
      'two schemas declare what is generated into t.ts',
    ],
    [['t.fbs', '--out', 'file'], { 't.fbs': T, file: '' }, 'INVALID_ARGUMENT', 'file/t'],
  ] as const)('%j with %j: %s', async (args, files, errorCode, message) => {
    const cwd = project(files);
    const { code, stdout, stderr } = await codegen(cwd, ...args);
    expect([code, stdout]).toEqual([ERRORS[errorCode].exitCode, '']);
    expect(stderr).toContain(message);
    expect(readdirSync(cwd).sort()).toEqual(
      [...new Set(Object.keys(files).map((path) => path.split('/')[0]!))].sort(),
    );
  });
});
