import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { CheckAnswer, RefusalAnswer, RegisterAnswer } from '../../../src/cli/contracts/contracts-api.js';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { bfbsOf } from '../../support/flatc.js';
import { ORDERS } from '../../support/order-schemas.js';
import { cleanUp, run } from '../cli-process.js';
import { contractsHere } from '../contracts-broker.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

const INCOMPATIBLE = ERRORS.INCOMPATIBLE_SCHEMA.exitCode;

describe('modwire contracts register', () => {
  it('registers a schema, and finds it registered the next time', async () => {
    const { broker, contracts } = await contractsHere(fixture);
    const first = await contracts('register', 'orders', 'v1.fbs');
    const [version] = broker.registry.contract('orders')!.versions;
    expect(first).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: `registered orders@1 ${version!.schemaId} shop.Order\n`,
    });
    const again = await contracts('register', 'orders', 'v1.fbs');
    expect(again).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: `registered already orders@1 ${version!.schemaId} shop.Order\n`,
    });
    expect(await contracts('register', 'orders', 'v2.fbs')).toMatchObject({ code: 0 });
    expect(broker.registry.contract('orders')!.versions).toHaveLength(2);
  });

  it('is a program that takes a .bfbs, its root, references and the level of a new contract', async () => {
    const { broker, cwd, contracts } = await contractsHere(fixture);
    await contracts('register', 'orders', 'v1.fbs');
    writeFileSync(join(cwd, 'v1.bfbs'), await bfbsOf(ORDERS.v1));
    const args = ['v1.bfbs', '--root', 'shop.Item', '--reference', 'orders@1', '--level', 'FULL', '--json'];
    const { code, lines, stderr } = await run(['contracts', 'register', 'items', ...args], {
      ...{ cwd, env: { MODWIRE_URL: broker.url } },
    });
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(lines.join())).toMatchObject({
      ...{ isNew: true, unreadableBy: [], check: { level: 'FULL', against: [] } },
      version: {
        ...{ contract: 'items', version: 1, root: 'shop.Item' },
        references: [{ contract: 'orders', version: 1 }],
      },
    });
    expect(broker.registry.contract('items')!.level).toBe('FULL');
  });

  it('shows what a refused schema would break, what to do instead, and who would not read it', async () => {
    const { broker, contracts, consumer } = await contractsHere(fixture);
    await contracts('register', 'orders', 'v1.fbs');
    await contracts('bind', 'orders.>', 'orders');
    const { schemaId } = broker.registry.contract('orders')!.versions[0]!;
    await consumer('billing', 'orders.eu', schemaId);
    await consumer('shipping', 'orders.>', schemaId);
    await consumer('archive', 'orders.>');
    const { code, lines, stderr } = await contracts('register', 'orders', 'broken.fbs');
    expect(code).toBe(INCOMPATIBLE);
    expect(lines).toEqual([
      'orders@1 -> broken.fbs',
      '  refused   shop.Order.total: double is now string',
      '            field-type-changed: backward breaking, forward breaking, source warning',
      '            keep the old field, deprecate it and add a new one',
      '',
      '2 subscriptions connected now cannot read it:',
      '  client    filter     schemas that it reads',
      expect.stringMatching(/^ {2}(billing {3}orders\.eu|shipping {2}orders\.> ) {2}[0-9a-f]{32}$/),
      expect.stringMatching(/^ {2}(billing {3}orders\.eu|shipping {2}orders\.> ) {2}[0-9a-f]{32}$/),
      '',
      'not compatible with contract orders at BACKWARD: 1 finding, 1 refused',
    ]);
    expect(lines[7]).not.toBe(lines[8]);
    expect(stderr).toBe(
      'modwire: INCOMPATIBLE_SCHEMA: the schema is not compatible with its contract: expected BACKWARD with earlier ' +
        'versions of orders, got field-type-changed at shop.Order.total against version 1; keep the old field, ' +
        'deprecate it and add a new one\n',
    );
    expect(broker.registry.contract('orders')!.versions).toHaveLength(1);
  });

  it('says the same in JSON', async () => {
    const { broker, contracts, consumer, json } = await contractsHere(fixture);
    await contracts('register', 'orders', 'v1.fbs');
    await contracts('bind', 'orders.>', 'orders');
    const { schemaId } = broker.registry.contract('orders')!.versions[0]!;
    await consumer('billing', 'orders.eu', schemaId);
    const refused = await json<RefusalAnswer>(INCOMPATIBLE, 'register', 'orders', 'broken.fbs');
    expect(refused).toMatchObject({
      ...{ code: 'INCOMPATIBLE_SCHEMA', check: { compatible: false, level: 'BACKWARD' } },
      unreadableBy: [{ client: 'billing', filter: 'orders.eu', reads: [schemaId] }],
    });
    const [{ version, violations } = { version: 0, violations: [] }] = refused.check.against;
    expect([version, violations.map(({ rule, path }) => [rule, path])]).toEqual([
      1,
      [['field-type-changed', 'shop.Order.total']],
    ]);
  });

  it('names who is connected and cannot read what the level allows', async () => {
    const { broker, contracts, consumer, json } = await contractsHere(fixture);
    await contracts('register', 'orders', 'v1.fbs');
    await contracts('bind', 'orders.>', 'orders');
    await consumer('billing', 'orders.eu', broker.registry.contract('orders')!.versions[0]!.schemaId);
    const { code, lines } = await contracts('register', 'orders', 'lax.fbs');
    expect(code).toBe(0);
    expect(lines.slice(1, 3)).toEqual([
      '1 subscription connected now cannot read it:',
      '  client   filter     schemas that it reads',
    ]);
    const again = await json<RegisterAnswer>(0, 'register', 'orders', 'lax.fbs');
    expect(again).toMatchObject({ isNew: false, unreadableBy: [{ client: 'billing' }] });
  });

  it.each([
    [['orders', 'nowhere.fbs'], 'NOT_FOUND', 'no such schema (nowhere.fbs)'],
    [['orders/x', 'v1.fbs'], 'INVALID_ARGUMENT', 'not a name of a contract'],
    [['orders', 'v1.fbs', '--level', 'SOME'], 'INVALID_ARGUMENT', '--level is not valid'],
    [['orders', 'v1.fbs', '--root', 'Nothing'], 'INVALID_ARGUMENT', 'the schema has no such root'],
    [['orders', 'v1.fbs', '--reference', 'items'], 'INVALID_ARGUMENT', 'not a version of a contract'],
    [['orders', 'v1.fbs', '--reference', 'items@1'], 'NOT_FOUND', 'items'],
    [['orders'], 'INVALID_ARGUMENT', 'an argument is missing'],
  ] as const)('refuses %j: %s', async (args, code, message) => {
    const { broker, contracts } = await contractsHere(fixture);
    const answer = await contracts('register', ...args);
    expect([answer.code, answer.stdout]).toEqual([ERRORS[code].exitCode, '']);
    expect(answer.stderr).toMatch(new RegExp(`^modwire: ${code}: [^\n]*\n$`));
    expect(answer.stderr).toContain(message);
    expect(broker.registry.contracts()).toEqual([]);
  });
});

describe('modwire contracts check --contract', () => {
  it('holds a schema against what is registered, and registers nothing', async () => {
    const { broker, contracts, json } = await contractsHere(fixture);
    await contracts('register', 'orders', 'v1.fbs');
    const compatible = await contracts('check', '--contract', 'orders', 'v2.fbs');
    expect([compatible.code, compatible.lines.at(-1)]).toEqual([
      0,
      'compatible with contract orders at BACKWARD: 1 finding',
    ]);
    const same = await contracts('check', '--contract', 'orders', 'v1.fbs');
    expect([same.code, same.lines]).toEqual([
      0,
      ['compatible with contract orders at BACKWARD: 1 unchanged; no findings'],
    ]);
    const broken = await json<CheckAnswer>(INCOMPATIBLE, 'check', '--contract', 'orders', 'broken.fbs');
    expect(broken).toMatchObject({
      ...{ contract: 'orders', compatible: false, identicalTo: null, readBy: [], unreadableBy: [] },
      violations: [{ rule: 'field-type-changed', version: 1, file: 'broken.fbs' }],
    });
    expect(broker.registry.contract('orders')!.versions).toHaveLength(1);
  });

  it('asks at another level when it is told one, and compares with all versions at a transitive one', async () => {
    const { contracts, json } = await contractsHere(fixture);
    await contracts('register', 'orders', 'v1.fbs', '--level', 'NONE');
    await contracts('register', 'orders', 'broken.fbs');
    const versions = async (exitCode: number, level: string) => {
      const args = ['check', '--contract', 'orders', 'v2.fbs', '--level', level];
      const { violations } = await json<{ violations: { version: number }[] }>(exitCode, ...args);
      return violations.map(({ version }) => version);
    };
    expect(await versions(0, 'NONE')).toEqual([]);
    expect(await versions(INCOMPATIBLE, 'BACKWARD')).toEqual([2]);
    expect(await versions(INCOMPATIBLE, 'FULL_TRANSITIVE')).toEqual([2]);
    await contracts('register', 'orders', 'lax.fbs');
    expect(await versions(0, 'FORWARD')).toEqual([]);
    expect(await versions(INCOMPATIBLE, 'FULL_TRANSITIVE')).toEqual(expect.arrayContaining([2, 3]));
  });

  it('makes annotations for GitHub', async () => {
    const { contracts } = await contractsHere(fixture);
    await contracts('register', 'orders', 'v1.fbs');
    const { code, lines } = await contracts(
      'check',
      '--contract',
      'orders',
      'broken.fbs',
      '--format',
      'github',
    );
    expect(code).toBe(INCOMPATIBLE);
    expect(lines).toEqual([
      expect.stringMatching(
        /^::error file=broken\.fbs,line=1,title=field-type-changed::shop\.Order\.total: /,
      ),
      'not compatible with contract orders at BACKWARD: 1 finding, 1 refused',
    ]);
  });
});
