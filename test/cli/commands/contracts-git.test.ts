import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { bfbsOf } from '../../support/flatc.js';
import { GitRepository } from '../../support/git-repository.js';
import { ORDERS, PING_TEXT } from '../../support/order-schemas.js';
import { cleanUp, folder, run } from '../cli-process.js';
import { runHere } from '../run-here.js';

const INCOMPATIBLE = ERRORS.INCOMPATIBLE_SCHEMA.exitCode;

let repository: GitRepository;

beforeEach(() => {
  repository = new GitRepository();
});

afterEach(async () => {
  await repository.close();
  await cleanUp();
});

interface FileReport {
  readonly file: string;
  readonly previousFile?: string;
  readonly state: string;
  readonly note?: string;
  readonly error?: { readonly code: string };
}

/** What a check says of each file, in short, beside its exit code and violations. */
async function check(args: readonly string[], cwd = repository.folder) {
  const { code, lines, stderr } = await runHere(['contracts', 'check', ...args, '--json'], { cwd });
  expect(lines, stderr).toHaveLength(1);
  const report = JSON.parse(lines[0]!);
  return {
    code,
    report,
    files: (report.files as FileReport[]).map(({ file, state }) => `${state} ${file}`),
    violations: (report.violations as { file: string; rule: string; path: string }[]).map(
      ({ file, rule, path }) => `${file} ${rule} ${path}`,
    ),
  };
}

describe('modwire contracts check FOLDER', () => {
  it('finds nothing when nothing has changed', async () => {
    const commit = repository.commit({ 'schemas/orders.fbs': ORDERS.v1, 'schemas/net/ping.fbs': PING_TEXT });
    const { code, report, files } = await check(['schemas']);
    expect([code, files]).toEqual([0, ['unchanged schemas/net/ping.fbs', 'unchanged schemas/orders.fbs']]);
    expect(report).toMatchObject({
      ...{ level: 'BACKWARD', compatible: true, backward: 'ok', forward: 'ok', findings: [], violations: [] },
      against: { revision: 'HEAD', commit },
    });
  });

  it('compares what is on disk with what was committed last', async () => {
    repository.commit({ 'orders.fbs': ORDERS.v1, 'ping.fbs': PING_TEXT });
    repository.write({ 'orders.fbs': ORDERS.v2 });
    expect(await check(['.'])).toMatchObject({
      code: 0,
      files: ['changed orders.fbs', 'unchanged ping.fbs'],
    });
    repository.write({ 'orders.fbs': ORDERS.broken });
    expect(await check(['.'])).toMatchObject({
      code: INCOMPATIBLE,
      violations: ['orders.fbs field-type-changed shop.Order.total'],
    });
    repository.commit();
    expect(await check(['.'])).toMatchObject({ code: 0, violations: [] });
  });

  it('compares with any revision that --against names', async () => {
    const first = repository.commit({ 'orders.fbs': ORDERS.v1 });
    repository.git('tag', 'released');
    repository.commit({ 'orders.fbs': ORDERS.broken });
    for (const revision of [first, first.slice(0, 10), 'released', 'HEAD~1', 'HEAD^']) {
      const { code, report } = await check(['.', '--against', revision]);
      expect([code, report.against]).toEqual([INCOMPATIBLE, { revision, commit: first }]);
    }
    expect(await check(['.', '--against', 'main'])).toMatchObject({ code: 0 });
  });

  it('takes one schema as well', async () => {
    repository.commit({ 'a/orders.fbs': ORDERS.v1, 'a/ping.fbs': PING_TEXT });
    repository.write({ 'a/orders.fbs': ORDERS.v2, 'a/ping.fbs': PING_TEXT.replace('ulong', 'uint') });
    expect(await check(['a/orders.fbs'])).toMatchObject({ code: 0, files: ['changed a/orders.fbs'] });
    expect(await check(['ping.fbs'], join(repository.folder, 'a'))).toMatchObject({
      ...{ code: INCOMPATIBLE, files: ['changed ping.fbs'] },
    });
  });

  it('reports what is new, which breaks nobody', async () => {
    repository.commit({ 'orders.fbs': ORDERS.v1 });
    repository.write({ 'ping.fbs': PING_TEXT });
    const { code, files } = await check(['.', '--level', 'FULL']);
    expect([code, files]).toEqual([0, ['unchanged orders.fbs', 'added ping.fbs']]);
  });

  it('takes the removal of a root for breaking, of the file as of its root_type', async () => {
    const rootless = ORDERS.v1.replace('root_type Order;', '');
    repository.commit({ 'orders.fbs': ORDERS.v1, 'ping.fbs': PING_TEXT, 'common.fbs': 'table Common {}' });
    repository.write({ 'orders.fbs': rootless });
    repository.remove('ping.fbs', 'common.fbs');
    const { code, files, violations } = await check(['.']);
    expect([code, files]).toEqual([INCOMPATIBLE, ['removed orders.fbs', 'removed ping.fbs']]);
    expect(violations).toEqual(['orders.fbs schema-removed shop.Order', 'ping.fbs schema-removed net.Ping']);
    expect(await check(['.', '--level', 'NONE'])).toMatchObject({ code: 0, violations: [] });
  });

  it('follows a file that is renamed by its root', async () => {
    repository.commit({ 'orders.fbs': ORDERS.v1 });
    repository.remove('orders.fbs');
    repository.write({ 'shop/order.fbs': ORDERS.v2 });
    const moved = await check(['.']);
    expect([moved.code, moved.files]).toEqual([0, ['renamed shop/order.fbs']]);
    expect(moved.report.files[0].previousFile).toBe('orders.fbs');
    repository.write({ 'shop/order.fbs': ORDERS.broken });
    expect(await check(['.'])).toMatchObject({
      ...{ code: INCOMPATIBLE, violations: ['shop/order.fbs field-type-changed shop.Order.total'] },
    });
  });

  it('holds one of two schemas of a root, when it is removed, against the other', async () => {
    repository.commit({ 'orders.fbs': ORDERS.v1, 'orders.bfbs': await bfbsOf(ORDERS.v2) });
    repository.remove('orders.bfbs');
    expect(await check(['.'])).toMatchObject({
      ...{ code: INCOMPATIBLE, violations: ['orders.fbs field-removed shop.Order.note'] },
    });
  });

  it('compares .bfbs too', async () => {
    repository.commit({ 'orders.bfbs': await bfbsOf(ORDERS.v1) });
    repository.write({ 'orders.bfbs': await bfbsOf(ORDERS.broken) });
    expect(await check(['.'])).toMatchObject({
      ...{ code: INCOMPATIBLE, violations: ['orders.bfbs field-type-changed shop.Order.total'] },
    });
  });

  it('takes what a schema included from the revision too, in folders that --include names as well', async () => {
    const order = 'include "common/money.fbs";\ntable Order { price:Money; }\nroot_type Order;\n';
    repository.commit({ 'schemas/order.fbs': order, 'shared/common/money.fbs': 'table Money { a:long; }' });
    repository.write({ 'shared/common/money.fbs': 'table Money { a:int; }' });
    const { code, violations } = await check(['schemas', '--include', 'shared']);
    expect([code, violations]).toEqual([INCOMPATIBLE, ['schemas/order.fbs field-type-changed Money.a']]);
    const { lines } = await runHere(
      ['contracts', 'check', 'schemas', '--include', 'shared', '--format', 'github'],
      { cwd: repository.folder },
    );
    expect(lines[0]).toMatch(
      /^::error file=shared\/common\/money\.fbs,line=1,title=field-type-changed::Money\.a: /,
    );
  });

  it('does not take an included file that is new for one of then', async () => {
    const order = 'include "money.fbs"; table Order { price:Money; } root_type Order;';
    repository.commit({ 'a/order.fbs': order, 'shared/money.fbs': 'table Money { a:long; }' });
    repository.write({ 'a/money.fbs': 'table Money { a:int; }' });
    expect(await check(['a', '--include', 'shared'])).toMatchObject({ code: INCOMPATIBLE });
  });

  it('takes what git does not keep from disk', async () => {
    const order = 'include "money.fbs"; table Order { price:Money; id:int; } root_type Order;';
    repository.commit({ '.gitignore': 'vendor/\n', 'order.fbs': order });
    repository.write({
      'vendor/money.fbs': 'table Money { a:long; }',
      'order.fbs': order.replace('id:int', 'id:string'),
      'vendor/other.fbs': PING_TEXT,
    });
    const { code, files, violations } = await check(['.', '-I', 'vendor']);
    expect([code, files]).toEqual([INCOMPATIBLE, ['changed order.fbs']]);
    expect(violations).toEqual(['order.fbs field-type-changed Order.id']);
  });

  it('tells of a schema that is none, and checks the others', async () => {
    repository.commit({ 'orders.fbs': ORDERS.v1, 'ping.fbs': PING_TEXT });
    repository.write({ 'orders.fbs': ORDERS.broken, 'ping.fbs': '\ntable Ping { at' });
    const { code, files, violations, report } = await check(['.']);
    expect([code, files]).toEqual([2, ['changed orders.fbs', 'invalid ping.fbs']]);
    expect([violations.length, report.compatible]).toEqual([1, false]);
    const { lines, stderr } = await runHere(['contracts', 'check', '.', '--format', 'github'], {
      cwd: repository.folder,
    });
    expect(lines).toContainEqual(
      expect.stringMatching(/^::error file=ping\.fbs,line=2,title=INVALID_ARGUMENT::/),
    );
    expect(stderr).toMatch(/^modwire: INVALID_ARGUMENT: .*\(ping\.fbs:2:\d+\)\n$/);
  });

  it('takes a schema that was none for new, and says so', async () => {
    repository.commit({ 'orders.fbs': 'table Order { a' });
    repository.write({ 'orders.fbs': ORDERS.v1 });
    const { code, files, report } = await check(['.']);
    expect([code, files]).toEqual([0, ['added orders.fbs']]);
    expect(report.files[0].note).toMatch(/^that of HEAD cannot be read: .*orders\.fbs:1:/);
  });

  it('takes names as they are, however odd', async () => {
    const name = 'a folder/ö "quoted"\n-.fbs';
    repository.commit({ [name]: ORDERS.v1 });
    repository.write({ [name]: ORDERS.broken });
    const { violations } = await check(['.']);
    expect(violations).toEqual([`${name} field-type-changed shop.Order.total`]);
    const { lines } = await runHere(['contracts', 'check', 'a folder'], { cwd: repository.folder });
    expect(lines[0]).toBe('a folder/ö "quoted"\\n-.fbs  changed shop.Order');
  });

  it('works from within a folder, and on one above', async () => {
    repository.commit({ 'a/orders.fbs': ORDERS.v1, 'b/readme': '' });
    repository.write({ 'a/orders.fbs': ORDERS.broken });
    const { violations } = await check(['../a'], join(repository.folder, 'b'));
    expect(violations).toEqual(['../a/orders.fbs field-type-changed shop.Order.total']);
  });

  it('sums up for people', async () => {
    repository.commit({ 'orders.fbs': ORDERS.v1, 'ping.fbs': PING_TEXT });
    repository.write({ 'orders.fbs': ORDERS.v2 });
    const { lines } = await runHere(['contracts', 'check', '.'], { cwd: repository.folder });
    expect(lines).toEqual([
      'orders.fbs  changed shop.Order',
      '  ok        shop.Order.note: a new field with id 3',
      '            field-added: backward ok, forward ok',
      '',
      'compatible with HEAD at BACKWARD: 1 changed, 1 unchanged; 1 finding',
    ]);
  });

  it.each([
    [['nowhere'], 'NOT_FOUND', 'no such file or folder (nowhere)'],
    [['empty'], 'NOT_FOUND', 'no schemas there'],
    [['.', '--against', 'nothing'], 'INVALID_ARGUMENT', 'git knows no such revision'],
    [['.', '--against', '--all'], 'INVALID_ARGUMENT', '--against needs a value'],
    [['.', '--against=--all'], 'INVALID_ARGUMENT', 'git knows no such revision'],
  ] as const)('refuses %j: %s', async (args, errorCode, message) => {
    repository.commit({ 'orders.fbs': ORDERS.v1, 'empty/readme': '' });
    const { code, stdout, stderr } = await runHere(['contracts', 'check', ...args], {
      cwd: repository.folder,
    });
    expect([code, stdout]).toEqual([ERRORS[errorCode].exitCode, '']);
    expect(stderr).toContain(message);
  });

  it('says what is missing before the first commit', async () => {
    repository.write({ 'orders.fbs': ORDERS.v1 });
    const { code, stderr } = await runHere(['contracts', 'check', '.'], { cwd: repository.folder });
    expect([code, stderr]).toEqual([2, expect.stringContaining('commit something first')]);
  });

  it('says so where there is no repository', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'orders.fbs'), ORDERS.v1);
    const { code, stderr } = await run(['contracts', 'check', '.'], { cwd });
    expect(code).toBe(ERRORS.FAILED_PRECONDITION.exitCode);
    expect(stderr).toMatch(/^modwire: FAILED_PRECONDITION: git rev-parse failed: got not a git repository/);
  });

  it('says so without git', async () => {
    repository.commit({ 'orders.fbs': ORDERS.v1 });
    const { code, stderr } = await run(['contracts', 'check', '.'], {
      cwd: repository.folder,
      env: { PATH: '' },
    });
    expect(code).toBe(ERRORS.FAILED_PRECONDITION.exitCode);
    expect(stderr).toMatch(/^modwire: FAILED_PRECONDITION: git is not on the PATH; /);
  });
});
