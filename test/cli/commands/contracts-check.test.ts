import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/contracts/finding.js';
import { ERRORS } from '../../../src/errors.js';
import { CHANGES } from '../../support/compatibility/changes.js';
import { bfbsOf } from '../../support/flatc.js';
import { ORDERS } from '../../support/order-schemas.js';
import { cleanUp, folder, run } from '../cli-process.js';
import { runHere } from '../run-here.js';

afterEach(cleanUp);

const INCOMPATIBLE = ERRORS.INCOMPATIBLE_SCHEMA.exitCode;

const inWords = ({ rule, backward, forward, source }: Finding): string =>
  `${rule} ${backward} ${forward}${source === 'ok' ? '' : ` ${source}`}`;

/** A folder with the versions of ORDERS, each as a file of its name. */
function orders(more: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = folder();
  for (const [name, text] of Object.entries(ORDERS)) writeFileSync(join(path, `${name}.fbs`), text);
  for (const [name, content] of Object.entries(more)) writeFileSync(join(path, name), content);
  return path;
}

function check(args: readonly string[], cwd = orders()) {
  return runHere(['contracts', 'check', ...args], { cwd });
}

describe('modwire contracts check OLD NEW', () => {
  it.each(CHANGES)(
    'reports what it means when $title, and when that is undone',
    async ({ before, after, forth, back }) => {
      const cwd = folder();
      writeFileSync(join(cwd, 'before.fbs'), before);
      writeFileSync(join(cwd, 'after.fbs'), after);
      for (const [old, new_, { findings }] of [
        ['before.fbs', 'after.fbs', forth],
        ['after.fbs', 'before.fbs', back],
      ] as const) {
        const { code, lines } = await check([old, new_, '--level', 'FULL', '--json'], cwd);
        const report = JSON.parse(lines.join());
        expect(report.findings.map(inWords)).toEqual(findings);
        const breaking = findings.filter((text) => text.includes('breaking'));
        expect(report.violations.map(inWords)).toEqual(breaking);
        expect(report.compatible).toBe(breaking.length === 0);
        expect(code).toBe(breaking.length === 0 ? 0 : INCOMPATIBLE);
      }
    },
  );

  it('is a program that says in its exit code whether the level is kept', async () => {
    const cwd = orders();
    const kept = await run(['contracts', 'check', 'v1.fbs', 'v2.fbs'], { cwd });
    expect([kept.code, kept.stderr]).toEqual([0, '']);
    expect(kept.lines.at(-1)).toBe('compatible with v1.fbs at BACKWARD: 1 finding');
    const broken = await run(['contracts', 'check', 'v1.fbs', 'broken.fbs', '--json'], { cwd });
    expect(broken.code).toBe(INCOMPATIBLE);
    expect(JSON.parse(broken.stdout)).toMatchObject({ compatible: false });
    expect(broken.stderr).toBe(
      'modwire: INCOMPATIBLE_SCHEMA: the change is not compatible with v1.fbs: expected BACKWARD, got field-type-changed at shop.Order.total\n',
    );
  });

  it('prints a finding with its weight, path, rule, verdicts and advice, those that count most first', async () => {
    const old = 'table T { a:int; b:string (required); c:int; } root_type T;';
    const new_ = 'table T { a:string; b:string; d:int; e:int; } root_type T;';
    const { lines } = await check(['old.fbs', 'new.fbs'], orders({ 'old.fbs': old, 'new.fbs': new_ }));
    expect(lines).toEqual([
      'old.fbs -> new.fbs  T',
      '  refused   T.a: int is now string',
      '            field-type-changed: backward breaking, forward breaking, source warning',
      '            keep the old field, deprecate it and add a new one',
      '  breaking  T.b: it was required and may be absent',
      '            field-required-dropped: backward ok, forward breaking',
      '            keep it required until every reader knows that it may be absent',
      '  source    T.d: c is now d',
      '            field-renamed: backward ok, forward ok, source warning',
      '  ok        T.e: a new field with id 3',
      '            field-added: backward ok, forward ok',
      '',
      'not compatible with old.fbs at BACKWARD: 4 findings, 1 refused',
    ]);
  });

  it.each([
    ['NONE', 0],
    ['BACKWARD', 0],
    ['BACKWARD_TRANSITIVE', 0],
    ['FORWARD', INCOMPATIBLE],
    ['FORWARD_TRANSITIVE', INCOMPATIBLE],
    ['FULL', INCOMPATIBLE],
    ['FULL_TRANSITIVE', INCOMPATIBLE],
  ])('asks at %s for the directions that it promises', async (level, exitCode) => {
    const { code, lines } = await check(['v1.fbs', 'lax.fbs', '--level', level, '--json']);
    expect(code).toBe(exitCode);
    expect(JSON.parse(lines[0]!)).toMatchObject({ level, backward: 'ok', forward: 'breaking' });
  });

  it('makes one JSON document of a stable shape', async () => {
    const { lines } = await check(['v1.fbs', 'lax.fbs', '--format', 'json', '--level', 'FULL']);
    expect(lines).toHaveLength(1);
    const finding = {
      ...{ rule: 'field-required-dropped', backward: 'ok', forward: 'breaking', source: 'ok' },
      ...{ path: 'shop.Order.id', message: 'it was required and may be absent', file: 'lax.fbs' },
      advice: 'keep it required until every reader knows that it may be absent',
    };
    const id = expect.stringMatching(/^[0-9a-f]{32}$/);
    expect(JSON.parse(lines[0]!)).toEqual({
      ...{ level: 'FULL', compatible: false, backward: 'ok', forward: 'breaking' },
      ...{ findings: [finding], violations: [finding] },
      before: { source: 'v1.fbs', root: 'shop.Order', schemaId: id },
      after: { source: 'lax.fbs', root: 'shop.Order', schemaId: id },
    });
  });

  it('takes .bfbs as it takes .fbs', async () => {
    const cwd = orders({ 'v1.bfbs': await bfbsOf(ORDERS.v1) });
    const { lines } = await check(['v1.bfbs', 'v1.fbs', '--json'], cwd);
    const { before, after, findings } = JSON.parse(lines[0]!);
    expect([before.schemaId, findings]).toEqual([after.schemaId, []]);
  });

  it('looks for included files beside the schema, and where --include says', async () => {
    const cwd = orders({ 'uses.fbs': 'include "common.fbs"; table T { c:C; } root_type T;' });
    const missing = await check(['uses.fbs', 'uses.fbs'], cwd);
    expect(missing.code).toBe(ERRORS.INVALID_ARGUMENT.exitCode);
    const elsewhere = folder();
    writeFileSync(join(elsewhere, 'common.fbs'), 'table C { a:int; }');
    expect(await check(['uses.fbs', 'uses.fbs', '--include', elsewhere], cwd)).toMatchObject({ code: 0 });
  });

  it('compares the tables that --root names', async () => {
    const cwd = orders();
    const items = await check(['v1.fbs', 'broken.fbs', '--root', 'shop.Item'], cwd);
    expect([items.code, items.lines.at(-1)]).toEqual([0, 'compatible with v1.fbs at BACKWARD: no findings']);
    const missing = await check(['v1.fbs', 'broken.fbs', '--root', 'Item'], cwd);
    expect([missing.code, missing.stderr]).toEqual([
      2,
      'modwire: INVALID_ARGUMENT: the schema has no such root: expected shop.Item, got "Item" (v1.fbs)\n',
    ]);
  });

  it.each([
    [['v1.fbs', 'nowhere.fbs'], 'NOT_FOUND', 'no such schema (nowhere.fbs)'],
    [['v1.fbs', 'bad.fbs'], 'INVALID_ARGUMENT', '(bad.fbs:2:'],
    [['bad.bfbs', 'v1.fbs'], 'INVALID_ARGUMENT', '(bad.bfbs: '],
    [['v1.fbs', 'schema.txt'], 'INVALID_ARGUMENT', 'expected a name that ends in .fbs or .bfbs'],
    [['v1.fbs', 'rootless.fbs'], 'INVALID_ARGUMENT', 'the schema declares no root_type'],
    [['v1.fbs', 'v2.fbs', '--level', 'backward'], 'INVALID_ARGUMENT', '--level is not valid'],
    [['v1.fbs', 'v2.fbs', '--format', 'xml'], 'INVALID_ARGUMENT', '--format is not valid'],
    [['v1.fbs', 'v2.fbs', '--format', 'text', '--json'], 'INVALID_ARGUMENT', '--format is not valid'],
    [['v1.fbs', 'v2.fbs', '--against', 'main'], 'INVALID_ARGUMENT', '--against only goes with a PATH'],
    [['v1.fbs', 'v2.fbs', '--url', 'ws://a'], 'INVALID_ARGUMENT', '--url only goes with --contract NAME'],
    [['v1.fbs', '--root', 'T'], 'INVALID_ARGUMENT', '--root only goes with OLD NEW or --contract NAME'],
    [['v1.fbs', 'v2.fbs', '--contract', 'orders'], 'INVALID_ARGUMENT', 'too many arguments'],
    [[], 'INVALID_ARGUMENT', 'an argument is missing'],
    [['a', 'b', 'c'], 'INVALID_ARGUMENT', 'too many arguments'],
    [['v1.fbs', 'v2.fbs', '--leval', 'FULL'], 'INVALID_ARGUMENT', 'did you mean --level?'],
  ] as const)('refuses %j: %s', async (args, errorCode, message) => {
    const cwd = orders({
      'bad.fbs': '\ntable T { a:int',
      'bad.bfbs': 'no schema at all',
      'schema.txt': 'table T {}',
      'rootless.fbs': 'table T { a:int; }',
    });
    const { code, stdout, stderr } = await check(args, cwd);
    expect([code, stdout]).toEqual([ERRORS[errorCode].exitCode, '']);
    expect(stderr).toMatch(new RegExp(`^modwire: ${errorCode}: [^\n]*\n$`));
    expect(stderr).toContain(message);
  });
});

describe('modwire contracts check --format github', () => {
  it('makes annotations at the lines of what is declared: errors, warnings and notices', async () => {
    const old = 'namespace n;\nenum E:ubyte { A }\ntable T {\n  a:int;\n  b:int;\n  e:E;\n}\nroot_type T;';
    const new_ =
      'namespace n;\nenum E:ubyte {\n  A,\n  B\n}\ntable T {\n  a:string;\n  c:int;\n  e:E;\n}\nroot_type T;';
    const cwd = orders({ 'old.fbs': old, 'new.fbs': new_ });
    const { code, lines, errors } = await check(['old.fbs', 'new.fbs', '--format', 'github'], cwd);
    expect(code).toBe(INCOMPATIBLE);
    expect(lines.map((line) => line.replace(/::(?!error|warning|notice).*/, ''))).toEqual([
      '::error file=new.fbs,line=7,title=field-type-changed',
      '::notice file=new.fbs,line=8,title=field-renamed',
      '::warning file=new.fbs,line=4,title=enum-value-added',
      'not compatible with old.fbs at BACKWARD: 3 findings, 1 refused',
    ]);
    expect(errors).toHaveLength(1);
  });

  it('names files from the top of the clone, which is not where it runs', async () => {
    const cwd = orders();
    const args = ['contracts', 'check', 'v1.fbs', 'broken.fbs', '--format', 'github'];
    const { lines } = await runHere(args, { cwd, env: { GITHUB_WORKSPACE: join(cwd, '..') } });
    expect(lines[0]).toContain(`::error file=${cwd.split('/').at(-1)}/broken.fbs,line=1,`);
  });

  it('escapes what would end a property or a command', async () => {
    const name = 'a,b:c%\r\n::error::x.fbs';
    const { lines } = await check(
      ['v1.fbs', name, '--format', 'github'],
      orders({ 'a,b:c%\r\n::error::x.fbs': ORDERS.broken }),
    );
    expect(lines[0]).toMatch(/^::error file=a%2Cb%3Ac%25%0D%0A%3A%3Aerror%3A%3Ax\.fbs,line=1,title=/);
    expect(lines.filter((line) => line.includes('::error'))).toHaveLength(1);
  });
});

describe('modwire contracts diff', () => {
  it('shows every change, and exits with 0 whatever it is', async () => {
    const { code, lines, stderr } = await runHere(['contracts', 'diff', 'v1.fbs', 'broken.fbs'], {
      cwd: orders(),
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(lines.slice(0, 2)).toEqual([
      'v1.fbs -> broken.fbs: 1 finding',
      '  breaking  shop.Order.total: double is now string',
    ]);
  });

  it('makes one JSON document', async () => {
    const { lines } = await runHere(['contracts', 'diff', 'v1.fbs', 'v2.fbs', '--json'], { cwd: orders() });
    expect(JSON.parse(lines.join())).toMatchObject({
      ...{ before: { source: 'v1.fbs' }, after: { source: 'v2.fbs' } },
      ...{ backward: 'ok', forward: 'ok', findings: [{ rule: 'field-added', path: 'shop.Order.note' }] },
    });
  });
});
