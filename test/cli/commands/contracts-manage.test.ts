import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadSchema } from '../../../src/cli/contracts/schema-file.js';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { cleanUp } from '../cli-process.js';
import { type ContractsHere, contractsHere } from '../contracts-broker.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

/** A broker with two versions of orders and one of pings; `orders.>` is bound. */
async function filled(): Promise<ContractsHere> {
  const here = await contractsHere(fixture);
  for (const [name, file] of [
    ['orders', 'v1.fbs'],
    ['orders', 'v2.fbs'],
    ['pings', 'ping.fbs'],
  ]) {
    expect(await here.contracts('register', name!, file!)).toMatchObject({ code: 0 });
  }
  expect(await here.contracts('bind', 'orders.>', 'orders')).toMatchObject({ code: 0 });
  return here;
}

const idOf = ({ broker }: ContractsHere, name: string, version: number) =>
  broker.registry.contract(name)!.versions[version - 1]!.schemaId;

describe('modwire contracts list', () => {
  it('shows each contract with its latest version that is not deleted, and its bindings', async () => {
    const here = await filled();
    await here.contracts('bind', 'orders.*', 'orders', '--use', 'reply');
    await here.contracts('delete', 'orders@2');
    await here.contracts('delete', 'pings@1');
    const { code, lines, stderr } = await here.contracts('list');
    expect([code, stderr]).toEqual([0, '']);
    const words = lines.map((line) => line.trim().split(/ {2,}/));
    expect(words).toEqual([
      ['contract', 'level', 'latest', 'versions', 'root', 'schema id', 'bindings'],
      ['orders', 'BACKWARD', '1', '1', 'shop.Order', idOf(here, 'orders', 1), 'orders.>, orders.* (reply)'],
      ['pings', 'BACKWARD', '-', '0', '-', '-', '-'],
    ]);
  });

  it('prints what HTTP answers as one JSON object a line', async () => {
    const { broker, contracts } = await filled();
    const { lines } = await contracts('list', '--json');
    expect(lines.map((line) => JSON.parse(line))).toEqual(broker.registry.contracts());
  });

  it('says so when there is nothing', async () => {
    const { contracts } = await contractsHere(fixture);
    expect(await contracts('list')).toMatchObject({
      ...{ code: 0, stdout: '', stderr: 'no contracts are registered\n' },
    });
    expect(await contracts('list', '--json')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});

describe('modwire contracts show', () => {
  it('shows the versions of a contract, which of them read which, and what is bound to it', async () => {
    const here = await filled();
    const { lines } = await here.contracts('show', 'orders');
    expect(lines[0]).toBe('orders BACKWARD');
    expect(lines.slice(1, 4).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['version', 'schema id', 'root', 'registered', 'bytes', 'reads', 'read by'],
      [
        '1',
        idOf(here, 'orders', 1),
        'shop.Order',
        expect.stringMatching(/^20.*Z$/),
        expect.any(String),
        '2',
        '2',
      ],
      [
        '2',
        idOf(here, 'orders', 2),
        'shop.Order',
        expect.stringMatching(/^20.*Z$/),
        expect.any(String),
        '1',
        '1',
      ],
    ]);
    expect(lines[4]).toBe('bound to it: orders.>');
    expect(await here.json(0, 'show', 'orders')).toEqual(here.broker.registry.contract('orders'));
    expect((await here.contracts('show', 'pings')).lines.at(-1)).toBe('no subjects are bound to it');
  });

  it('shows the schema of a version as text that has the same id when it is compiled', async () => {
    const here = await filled();
    const { code, stdout } = await here.contracts('show', 'orders@2');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^// orders@2 ${idOf(here, 'orders', 2)}, registered 20.*Z\n`));
    writeFileSync(join(here.cwd, 'shown.fbs'), stdout);
    expect((await here.contracts('register', 'orders', 'shown.fbs')).stdout).toMatch(
      /^registered already orders@2 /,
    );
    const { text } = await here.json<{ text: string }>(0, 'show', 'orders@2');
    expect(stdout.endsWith(`${text}\n`)).toBe(true);
  });

  it('writes the .bfbs of a version to a file', async () => {
    const here = await filled();
    const { stdout } = await here.contracts('show', 'orders@1', '--out', 'old.bfbs');
    const bytes = readFileSync(join(here.cwd, 'old.bfbs'));
    expect(stdout).toBe(`wrote old.bfbs, ${bytes.length} bytes\n`);
    expect(loadSchema(bytes).schemaId).toBe(idOf(here, 'orders', 1));
  });

  it('marks a deleted version', async () => {
    const { contracts } = await filled();
    await contracts('delete', 'orders@2');
    expect((await contracts('show', 'orders')).lines[3]).toMatch(/ deleted$/);
    expect((await contracts('show', 'orders@2')).lines[0]).toMatch(/, deleted$/);
  });
});

describe('modwire contracts diff', () => {
  it('compares versions that the broker has with each other and with files, and ends with 0', async () => {
    const { contracts } = await filled();
    const { code, lines } = await contracts('diff', 'orders@1', 'orders@2');
    expect([code, lines]).toEqual([
      0,
      [
        'orders@1 -> orders@2: 1 finding',
        '  ok        shop.Order.note: a new field with id 3',
        '            field-added: backward ok, forward ok',
      ],
    ]);
    const broken = await contracts('diff', 'orders@1', 'broken.fbs');
    expect([broken.code, broken.lines[1]]).toEqual([0, '  breaking  shop.Order.total: double is now string']);
  });

  it('asks nobody about two files, and says in JSON which schemas they are', async () => {
    const here = await filled();
    await here.broker.close();
    const report = await here.json<Record<string, unknown>>(0, 'diff', 'v1.fbs', 'v1.fbs');
    const side = { source: 'v1.fbs', root: 'shop.Order', schemaId: idOf(here, 'orders', 1) };
    expect(report).toEqual({ before: side, after: side, findings: [], backward: 'ok', forward: 'ok' });
  });
});

describe('modwire contracts bind and unbind', () => {
  it('bind subjects, say whom that keeps frames from, and take it back', async () => {
    const here = await filled();
    await here.consumer('old', 'orders.eu', idOf(here, 'pings', 1));
    const { code, lines } = await here.contracts('bind', 'orders.eu', 'orders');
    expect(code).toBe(0);
    expect(lines).toEqual([
      'bound orders.eu to orders',
      '1 subscription connected now cannot read it:',
      '  client  filter     schemas that it reads',
      `  old     orders.eu  ${idOf(here, 'pings', 1)}`,
    ]);
    const bound = { pattern: 'orders.eu', use: 'message', contract: 'orders' };
    expect(await here.json(0, 'bind', 'orders.eu', 'orders')).toMatchObject({
      ...{ binding: bound, unreadableBy: [{ client: 'old' }] },
    });
    expect((await here.contracts('unbind', 'orders.eu')).stdout).toBe('unbound orders.eu from orders\n');
    expect(here.broker.registry.bindings().map(({ pattern }) => pattern)).toEqual(['orders.>']);
    expect(await here.json(0, 'unbind', 'orders.>')).toMatchObject({ binding: { contract: 'orders' } });
  });

  it('keep requests and replies apart from messages', async () => {
    const { broker, contracts } = await filled();
    const { stdout } = await contracts('bind', 'orders.>', 'pings', '--use', 'request');
    expect(stdout).toBe('bound orders.> (request) to pings\n');
    expect(broker.registry.bindings()).toHaveLength(2);
    await contracts('unbind', 'orders.>', '--use', 'request');
    expect(broker.registry.bindings()).toMatchObject([{ use: 'message', contract: 'orders' }]);
  });

  it('take a pattern from another contract only when told to', async () => {
    const { broker, contracts } = await filled();
    const refused = await contracts('bind', 'orders.>', 'pings');
    expect([refused.code, refused.stdout]).toEqual([ERRORS.ALREADY_EXISTS.exitCode, '']);
    expect(await contracts('bind', 'orders.>', 'pings', '--replace')).toMatchObject({ code: 0 });
    expect(broker.registry.bindings()).toMatchObject([{ contract: 'pings' }]);
  });
});

describe('modwire contracts level, delete and restore', () => {
  it('set the level that later versions have to keep', async () => {
    const { broker, contracts, json } = await filled();
    expect((await contracts('level', 'orders', 'NONE')).stdout).toBe('orders is NONE\n');
    expect(await contracts('register', 'orders', 'broken.fbs')).toMatchObject({ code: 0 });
    expect(await json(0, 'level', 'orders', 'FULL')).toEqual(broker.registry.contract('orders'));
  });

  it('delete a version, and take it back', async () => {
    const here = await filled();
    const id = idOf(here, 'orders', 2);
    expect((await here.contracts('delete', 'orders@2')).stdout).toBe(`deleted orders@2 ${id}\n`);
    expect(here.broker.registry.contract('orders')!.versions[1]!.deleted).toBe(true);
    const again = await here.contracts('register', 'orders', 'v2.fbs');
    expect(again.code).toBe(ERRORS.FAILED_PRECONDITION.exitCode);
    expect(again.stderr).toContain('restore');
    expect((await here.contracts('restore', 'orders@2')).stdout).toBe(`restored orders@2 ${id}\n`);
    expect(await here.json(0, 'delete', 'orders@1')).toMatchObject({ version: 1, deleted: true });
    expect(await here.json(0, 'restore', 'orders@1')).toMatchObject({ version: 1, deleted: false });
  });
});

describe('modwire contracts refuses', () => {
  it.each([
    [['list', 'orders'], 'INVALID_ARGUMENT', 'too many arguments'],
    [['show', 'nothing'], 'NOT_FOUND', 'no such contract'],
    [['show', 'orders@9'], 'NOT_FOUND', 'expected 1 to 2, got 9 (orders)'],
    [['show', 'orders@0'], 'INVALID_ARGUMENT', 'not a version of a contract'],
    [['show', 'orders', '--out', 'x'], 'INVALID_ARGUMENT', '--out only goes with NAME@N'],
    [['show', 'orders@1', '--out', 'no/folder'], 'INVALID_ARGUMENT', 'cannot write the file'],
    [['diff', 'orders@1', 'orders@9'], 'NOT_FOUND', 'no such version'],
    [['diff', 'orders@1'], 'INVALID_ARGUMENT', 'expected modwire contracts diff OLD NEW'],
    [['bind', 'orders..x', 'orders'], 'INVALID_ARGUMENT', 'not a filter'],
    [['bind', '$quarantine.>', 'orders'], 'INVALID_ARGUMENT', 'a pattern of reserved subjects'],
    [['bind', 'a', 'nothing'], 'NOT_FOUND', 'no such contract'],
    [['bind', 'a', 'orders', '--use', 'all'], 'INVALID_ARGUMENT', '--use is not valid'],
    [['unbind', 'a'], 'NOT_FOUND', 'expected'],
    [['level', 'orders', 'full'], 'INVALID_ARGUMENT', 'expected one of NONE, BACKWARD'],
    [['level', 'nothing', 'FULL'], 'NOT_FOUND', 'no such contract'],
    [
      ['delete', 'orders'],
      'INVALID_ARGUMENT',
      'expected its name and number, such as orders@3, got "orders"',
    ],
    [['delete', 'orders@9'], 'NOT_FOUND', 'orders'],
    [['restore', 'orders@9'], 'NOT_FOUND', 'orders'],
  ] as const)('%j: %s', async (args, code, message) => {
    const { broker, contracts } = await filled();
    const before = broker.registry.contracts();
    const answer = await contracts(...args);
    expect([answer.code, answer.stdout]).toEqual([ERRORS[code].exitCode, '']);
    expect(answer.stderr).toMatch(new RegExp(`^modwire: ${code}: [^\n]*\n$`));
    expect(answer.stderr).toContain(message);
    expect(broker.registry.contracts()).toEqual(before);
  });
});
