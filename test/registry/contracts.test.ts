import { beforeAll, describe, expect, it } from 'vitest';
import { toHex } from '../../src/codec/message-id.js';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import type { CompatibilityLevel } from '../../src/contracts/compatibility-level.js';
import { schemaId } from '../../src/contracts/schema-id.js';
import type { Registry } from '../../src/registry/registry.js';
import { IncompatibleSchemaError } from '../../src/registry/version-check.js';
import { bfbsOf } from '../support/flatc.js';
import { openRegistry, refusal } from '../support/registry-fixture.js';

const order = (fields: string, rest = '') =>
  `namespace shop; ${rest} table Order { ${fields} } root_type Order;`;

/** What each can read of another follows from these. */
const TEXTS = {
  plain: order('id:string; total:double;'),
  /** One field more: reads `plain` and is read by it. */
  noted: order('id:string; total:double; note:string;'),
  /** Reads only what has an id; all others read it. */
  strict: order('id:string (required); total:double;'),
  /** Neither reads nor is read. */
  counted: order('id:string; total:long;'),
  /** The field that `noted` has is of another type: at odds with it, and with it alone. */
  numbered: order('id:string; total:double; note:ulong;'),
} as const;

type Name = keyof typeof TEXTS;
let bfbs: Record<Name, Uint8Array>;

beforeAll(async () => {
  const made = await Promise.all(
    Object.entries(TEXTS).map(async ([name, text]) => [name, await bfbsOf(text)] as const),
  );
  bfbs = Object.fromEntries(made) as Record<Name, Uint8Array>;
});

const register = (registry: Registry, name: Name, contract = 'orders', level?: CompatibilityLevel) =>
  registry.register({ contract, bfbs: bfbs[name], level });

describe('a registry', () => {
  it('makes a schema version 1 of a contract that it creates with level BACKWARD', async () => {
    const registry = await openRegistry();
    const { version, isNew, check } = await register(registry, 'plain');
    expect(isNew).toBe(true);
    expect(version).toMatchObject({ contract: 'orders', version: 1, root: 'shop.Order', deleted: false });
    expect(version.byteSize).toBe(bfbs.plain.length);
    const schema = readSchema(bfbs.plain);
    expect(version.schemaId).toBe(toHex(schemaId(schema, schema.root!)));
    expect(check).toMatchObject({ compatible: true, identicalTo: undefined, against: [], readBy: [] });
    expect(registry.contract('orders')).toEqual({
      ...{ name: 'orders', level: 'BACKWARD', versions: [version], bindings: [] },
    });
    const { compiled, ...rest } = registry.schema(version.schemaId)!;
    expect(rest).toEqual({ bfbs: bfbs.plain, versions: [version] });
    expect(compiled.rootName).toBe('shop.Order');
  });

  it('finds a schema that the contract has already, however it was written', async () => {
    const registry = await openRegistry();
    const { version } = await register(registry, 'plain');
    await register(registry, 'noted');
    const again = await register(registry, 'plain');
    expect(again).toMatchObject({ isNew: false, check: { identicalTo: 1, compatible: true } });
    const other = await bfbsOf(`namespace shop; table Unused { a:int; } ${TEXTS.plain.slice(16)}`);
    expect(Buffer.compare(other, bfbs.plain)).not.toBe(0);
    for (let round = 0; round < 2; round++) {
      const found = await registry.register({ contract: 'orders', bfbs: other });
      expect(found).toMatchObject({ isNew: false, version: { version: 1, schemaId: version.schemaId } });
    }
    expect(registry.contract('orders')!.versions).toHaveLength(2);
  });

  it('gives a schema the same id in every contract, and lists all its versions', async () => {
    const registry = await openRegistry();
    const first = await register(registry, 'plain');
    const second = await register(registry, 'plain', 'invoices');
    expect(second.isNew).toBe(true);
    expect(second.version.schemaId).toBe(first.version.schemaId);
    expect(registry.schema(first.version.schemaId)!.versions).toEqual([first.version, second.version]);
    expect(registry.acceptedVersion('invoices', first.version.schemaId)).toEqual(second.version);
    expect(registry.acceptedVersion('others', first.version.schemaId)).toBeUndefined();
  });

  it('takes another table of the same bytes as root', async () => {
    const registry = await openRegistry();
    const both = await bfbsOf('namespace a; table One { x:int; } table Two { y:int; } root_type One;');
    const one = await registry.register({ contract: 'one', bfbs: both });
    const two = await registry.register({ contract: 'two', bfbs: both, root: 'a.Two' });
    expect([one.version.root, two.version.root]).toEqual(['a.One', 'a.Two']);
    expect(one.version.schemaId).not.toBe(two.version.schemaId);
    const error = await refusal(registry.register({ contract: 'two', bfbs: both, root: 'a.Three' }));
    expect(error.code).toBe('INVALID_ARGUMENT');
  });

  it('keeps its own copy of the bytes that it was given', async () => {
    const registry = await openRegistry();
    const lent = bfbs.plain.slice();
    const registering = registry.register({ contract: 'orders', bfbs: lent });
    lent.fill(0);
    const { version } = await registering;
    expect(registry.schema(version.schemaId)!.bfbs).toEqual(bfbs.plain);
  });

  it('says after each registration who reads whose data', async () => {
    const registry = await openRegistry();
    await register(registry, 'plain', 'orders', 'NONE');
    const { check } = await register(registry, 'strict');
    await register(registry, 'counted');
    await register(registry, 'noted');
    expect(check.readBy).toEqual([1]);
    const relations = registry
      .contract('orders')!
      .versions.map(({ version, reads, readBy }) => ({ version, reads, readBy }));
    expect(relations).toEqual([
      { version: 1, reads: [2, 4], readBy: [4] },
      { version: 2, reads: [], readBy: [1, 4] },
      { version: 3, reads: [], readBy: [] },
      { version: 4, reads: [1, 2], readBy: [1] },
    ]);
    const [plain, strict, counted, noted] = registry.contract('orders')!.versions.map((one) => one.schemaId);
    expect(registry.reads(plain!, strict!)).toBe(true);
    expect(registry.reads(strict!, plain!)).toBe(false);
    expect(registry.reads(noted!, strict!)).toBe(true);
    expect(registry.reads(counted!, counted!)).toBe(true);
    expect(registry.reads('0'.repeat(32), plain!)).toBe(false);
    expect(registry.reads(plain!, '0'.repeat(32))).toBe(false);
  });

  it('does not let versions of different contracts read each other', async () => {
    const registry = await openRegistry();
    const one = await register(registry, 'plain', 'one');
    const other = await register(registry, 'noted', 'other');
    expect(registry.reads(other.version.schemaId, one.version.schemaId)).toBe(false);
  });

  it('tells listeners of every change, once it is done, and no more when they leave', async () => {
    const registry = await openRegistry();
    const seen: number[] = [];
    const leave = registry.onChange(() => seen.push(registry.contract('orders')?.versions.length ?? 0));
    await register(registry, 'plain');
    await register(registry, 'plain');
    await register(registry, 'noted');
    await registry.bind({ pattern: 'a', use: 'message', contract: 'orders' });
    expect(seen).toEqual([1, 2, 2]);
    leave();
    await registry.unbind('a', 'message');
    expect(seen).toHaveLength(3);
  });

  it.each([
    ['', 'INVALID_ARGUMENT'],
    ['.', 'INVALID_ARGUMENT'],
    ['..', 'INVALID_ARGUMENT'],
    ['a/b', 'INVALID_ARGUMENT'],
    ['ä', 'INVALID_ARGUMENT'],
    ['a'.repeat(129), 'INVALID_ARGUMENT'],
  ])('refuses %j as the name of a contract', async (contract, code) => {
    const registry = await openRegistry();
    expect((await refusal(registry.register({ contract, bfbs: bfbs.plain }))).code).toBe(code);
    expect(registry.contracts()).toEqual([]);
  });

  it('refuses at its limits, and names them', async () => {
    const limits = { maxContracts: 1, maxVersions: 2, maxBindings: 1, maxSchemaBytes: 4096 };
    const registry = await openRegistry(undefined, limits);
    await register(registry, 'plain', 'orders', 'NONE');
    await register(registry, 'strict');
    await registry.bind({ pattern: 'a', use: 'message', contract: 'orders' });
    const refused = {
      maxContracts: register(registry, 'plain', 'more'),
      maxVersions: register(registry, 'counted'),
      maxBindings: registry.bind({ pattern: 'b', use: 'message', contract: 'orders' }),
      maxSchemaBytes: registry.register({ contract: 'orders', bfbs: new Uint8Array(4097) }),
    };
    for (const [limit, promise] of Object.entries(refused)) {
      const { code, message } = await refusal(promise);
      expect([code, message]).toEqual(['RESOURCE_EXHAUSTED', expect.stringContaining(limit)]);
    }
    await registry.bind({ pattern: 'a', use: 'message', contract: 'orders', replace: true });
  });

  it('refuses bytes that are no schema, and stays as it was', async () => {
    const registry = await openRegistry();
    await register(registry, 'plain');
    const before = registry.contracts();
    const broken = bfbs.noted.slice();
    broken.fill(0xff, 0, 4);
    for (const bytes of [new Uint8Array(), broken, bfbs.noted.subarray(0, 40)]) {
      const error = await refusal(registry.register({ contract: 'orders', bfbs: bytes }));
      expect(error.code).toBe('INVALID_ARGUMENT');
    }
    expect(registry.contracts()).toEqual(before);
    expect((await register(registry, 'noted')).version.version).toBe(2);
  });

  it('takes no changes once it is closed, and still answers', async () => {
    const registry = await openRegistry();
    const { version } = await register(registry, 'plain');
    await registry.close();
    await registry.close();
    expect((await refusal(register(registry, 'noted'))).code).toBe('FAILED_PRECONDITION');
    expect(registry.schema(version.schemaId)!.versions).toEqual([version]);
  });
});

describe('compatibility levels', () => {
  /** Registered in this order with NONE, then the level is set. */
  const history: Name[] = ['strict', 'noted', 'plain'];

  const cases: [CompatibilityLevel, Name, number[]][] = [
    ['NONE', 'counted', []],
    ['BACKWARD', 'numbered', []],
    ['BACKWARD', 'counted', [3]],
    ['BACKWARD_TRANSITIVE', 'numbered', [2]],
    ['FORWARD', 'numbered', []],
    ['FORWARD_TRANSITIVE', 'numbered', [1, 2]],
    ['FULL', 'numbered', []],
    ['FULL_TRANSITIVE', 'numbered', [1, 2]],
  ];

  it.each(cases)('%s holds %s against the versions that it names', async (level, name, violated) => {
    const registry = await openRegistry();
    for (const one of history) await register(registry, one, 'orders', 'NONE');
    await registry.setLevel('orders', level);
    const check = await registry.check({ contract: 'orders', bfbs: bfbs[name] });
    const expected = level === 'NONE' ? [] : level.endsWith('TRANSITIVE') ? [1, 2, 3] : [3];
    expect(check.against.map(({ version }) => version)).toEqual(expected);
    const found = check.against.filter(({ violations }) => violations.length > 0);
    expect(found.map(({ version }) => version)).toEqual(violated);
    expect(check.compatible).toBe(violated.length === 0);
    expect(registry.contract('orders')!.versions).toHaveLength(3);

    const registering = register(registry, name);
    if (violated.length === 0) {
      expect((await registering).check).toEqual(check);
      return;
    }
    const error = await refusal(registering);
    expect(error).toBeInstanceOf(IncompatibleSchemaError);
    expect((error as IncompatibleSchemaError).check).toEqual(check);
    for (const { version, violations } of found) {
      const { rule, path } = violations[0]!;
      expect(error.message).toContain(`${rule} at ${path} against version ${version}`);
    }
    expect(registry.contract('orders')!.versions).toHaveLength(3);
  });

  it('are given with the first version, and not changed by later ones', async () => {
    const registry = await openRegistry();
    await register(registry, 'plain', 'orders', 'FULL');
    await register(registry, 'noted', 'orders', 'NONE');
    expect(registry.contract('orders')!.level).toBe('FULL');
    const check = await registry.check({ contract: 'orders', bfbs: bfbs.counted, level: 'NONE' });
    expect(check).toMatchObject({ level: 'NONE', compatible: true });
    expect((await registry.check({ contract: 'orders', bfbs: bfbs.counted })).compatible).toBe(false);
    expect((await refusal(registry.setLevel('more', 'NONE'))).code).toBe('NOT_FOUND');
    const bad = registry.setLevel('orders', 'SOME' as CompatibilityLevel);
    expect((await refusal(bad)).message).toContain('BACKWARD_TRANSITIVE');
  });

  it('ask nothing of a contract that is not there', async () => {
    const registry = await openRegistry();
    const check = await registry.check({ contract: 'orders', bfbs: bfbs.plain });
    expect(check).toMatchObject({ level: 'BACKWARD', compatible: true, against: [] });
    expect(registry.contracts()).toEqual([]);
  });

  it('pass deleted versions over', async () => {
    const registry = await openRegistry();
    await register(registry, 'plain', 'orders', 'NONE');
    await register(registry, 'noted');
    await registry.setLevel('orders', 'FULL_TRANSITIVE');
    expect((await refusal(register(registry, 'numbered'))).code).toBe('INCOMPATIBLE_SCHEMA');
    await registry.deleteVersion('orders', 2);
    const { version, check } = await register(registry, 'numbered');
    expect(check.against.map((one) => one.version)).toEqual([1]);
    expect(version).toMatchObject({ version: 3, reads: [1], readBy: [1] });
  });
});

describe('soft delete', () => {
  it('takes a version out of use and brings it back', async () => {
    const registry = await openRegistry();
    const { version } = await register(registry, 'plain');
    const deleted = await registry.deleteVersion('orders', 1);
    expect(deleted).toEqual({ ...version, deleted: true });
    expect(await registry.deleteVersion('orders', 1)).toEqual(deleted);
    expect(registry.acceptedVersion('orders', version.schemaId)).toBeUndefined();
    expect(registry.schema(version.schemaId)!.versions).toEqual([deleted]);
    const error = await refusal(register(registry, 'plain'));
    expect([error.code, error.message]).toEqual(['FAILED_PRECONDITION', expect.stringContaining('orders@1')]);
    expect((await refusal(registry.check({ contract: 'orders', bfbs: bfbs.plain }))).code).toBe(error.code);
    expect(await registry.restoreVersion('orders', 1)).toEqual(version);
    expect(await registry.restoreVersion('orders', 1)).toEqual(version);
    expect(registry.acceptedVersion('orders', version.schemaId)).toEqual(version);
  });

  it('never gives a number again', async () => {
    const registry = await openRegistry();
    await register(registry, 'plain');
    await registry.deleteVersion('orders', 1);
    expect((await register(registry, 'counted')).version.version).toBe(2);
  });

  it('does not bring back what its level forbids beside what came meanwhile', async () => {
    const registry = await openRegistry();
    await register(registry, 'noted');
    await registry.deleteVersion('orders', 1);
    await register(registry, 'numbered');
    const error = await refusal(registry.restoreVersion('orders', 1));
    expect(error.code).toBe('INCOMPATIBLE_SCHEMA');
    expect(error.message).toContain('versions 1 and 2');
    await registry.setLevel('orders', 'NONE');
    expect(await registry.restoreVersion('orders', 1)).toMatchObject({ deleted: false });
  });

  it.each([
    ['orders', 2],
    ['orders', 0],
    ['orders', 1.5],
    ['more', 1],
  ])('knows no %s@%s', async (contract, version) => {
    const registry = await openRegistry();
    await register(registry, 'plain');
    expect((await refusal(registry.deleteVersion(contract, version))).code).toBe('NOT_FOUND');
    expect((await refusal(registry.restoreVersion(contract, version))).code).toBe('NOT_FOUND');
  });
});

describe('references', () => {
  const money =
    'namespace shop; enum Currency:byte { EUR, USD } struct Money { cents:long; currency:Currency; }';
  const table = (text: string) => bfbsOf(`${text} table Price { value:Money; } root_type Price;`);
  const withMoney = (text: string) => bfbsOf(`${text} table Bill { sum:Money; } root_type Bill;`);

  it('are kept with the version when types of one name are the same in both', async () => {
    const registry = await openRegistry();
    await registry.register({ contract: 'prices', bfbs: await table(money) });
    const references = [{ contract: 'prices', version: 1 }];
    const { version } = await registry.register({
      ...{ contract: 'bills', bfbs: await withMoney(money), references },
    });
    expect(version.references).toEqual(references);
  });

  it.each([
    ['an enum', money.replace('USD', 'GBP'), 'shop.Currency'],
    ['a struct', money.replace('cents:long', 'cents:int'), 'shop.Money'],
  ])('are refused, naming the type, when %s differs', async (_, text, name) => {
    const registry = await openRegistry();
    await registry.register({ contract: 'prices', bfbs: await table(money) });
    const references = [{ contract: 'prices', version: 1 }];
    const error = await refusal(
      registry.register({ contract: 'bills', bfbs: await withMoney(text), references }),
    );
    expect([error.code, error.message]).toEqual(['INVALID_ARGUMENT', expect.stringContaining(name)]);
    expect(registry.contract('bills')).toBeUndefined();
  });

  it('are refused when nothing is shared, or nothing is there', async () => {
    const registry = await openRegistry();
    await register(registry, 'plain');
    const bills = await withMoney(money);
    const refer = (contract: string, version: number) =>
      refusal(registry.register({ contract: 'bills', bfbs: bills, references: [{ contract, version }] }));
    expect((await refer('orders', 1)).code).toBe('INVALID_ARGUMENT');
    expect((await refer('orders', 2)).code).toBe('NOT_FOUND');
    expect((await refer('more', 1)).code).toBe('NOT_FOUND');
  });

  it('keep a version from being deleted, and from being missing', async () => {
    const registry = await openRegistry();
    await registry.register({ contract: 'prices', bfbs: await table(money) });
    const references = [{ contract: 'prices', version: 1 }];
    await registry.register({ contract: 'bills', bfbs: await withMoney(money), references });
    const error = await refusal(registry.deleteVersion('prices', 1));
    expect([error.code, error.message]).toEqual(['FAILED_PRECONDITION', expect.stringContaining('bills@1')]);
    await registry.deleteVersion('bills', 1);
    await registry.deleteVersion('prices', 1);
    const restoring = await refusal(registry.restoreVersion('bills', 1));
    expect([restoring.code, restoring.message]).toEqual([
      'FAILED_PRECONDITION',
      expect.stringContaining('prices@1'),
    ]);
    const other = { contract: 'more', bfbs: await withMoney(money), references };
    expect((await refusal(registry.register(other))).code).toBe('FAILED_PRECONDITION');
    await registry.restoreVersion('prices', 1);
    expect(await registry.restoreVersion('bills', 1)).toMatchObject({ deleted: false });
  });
});
