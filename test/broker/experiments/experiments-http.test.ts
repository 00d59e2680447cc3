import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { Experiments } from '../../../src/broker/experiments/experiments.js';
import type { ExperimentInfo } from '../../../src/broker/experiments/experiments-http.js';
import { startBroker } from '../../../src/broker/index.js';
import { type BucketTable, bucketTable, ownersOf } from '../../../src/routing/experiments/bucket-table.js';
import type { Experiment } from '../../../src/routing/experiments/experiment.js';
import { CliProcess, cleanUp } from '../../cli/cli-process.js';
import { BrokerFixture, TRANSPORTS } from '../../support/broker-fixture.js';
import { ask } from '../../support/broker-http.js';
import { experiments as anyExperiment, experimentOf, weightsOf } from '../../support/experiment-arbitrary.js';
import { askExperiments, HALVES } from '../../support/experiments.js';
import { errorOf } from '../../support/http-calls.js';
import { register } from '../../support/order-schemas.js';
import { openRegistry, refusal, temporaryDirectory } from '../../support/registry-fixture.js';

const fixture = new BrokerFixture();

const infoOf = ({ body }: { body: string }) => JSON.parse(body) as ExperimentInfo;

const weighted = (control: number, candidate: number, more: Partial<Experiment> = {}): Experiment => ({
  ...{ ...HALVES, ...more },
  variants: [
    { name: 'control', version: '^1', weight: control },
    { name: 'candidate', version: '^2', weight: candidate },
  ],
});

/** How many buckets belong to another variant. */
function moved(before: BucketTable, after: BucketTable): number {
  const names = [...new Set([...before, ...after].map(([name]) => name))];
  const [old, now] = [ownersOf(before, names), ownersOf(after, names)];
  return old.filter((owner, bucket) => owner !== now[bucket]).length;
}

describe.each(TRANSPORTS)('experiments over HTTP, over %s', (transport) => {
  it('are put there, shown, listed and deleted', async () => {
    const broker = await fixture.broker(transport);
    const put = await askExperiments(broker, 'PUT', 'ranker', HALVES);
    expect([put.status, infoOf(put)]).toEqual([
      201,
      {
        ...{ revision: 1, experiment: HALVES, driven: false },
        table: [
          ['control', 5_000],
          ['candidate', 5_000],
        ],
      },
    ]);
    expect(infoOf(await askExperiments(broker, 'GET', 'ranker'))).toEqual(infoOf(put));
    const list = await askExperiments(broker, 'GET');
    expect(JSON.parse(list.body)).toEqual({ experiments: [infoOf(put)] });
    const deleted = await askExperiments(broker, 'DELETE', 'ranker');
    expect([deleted.status, infoOf(deleted)]).toEqual([200, infoOf(put)]);
    expect(errorOf(await askExperiments(broker, 'GET', 'ranker')).slice(0, 2)).toEqual([404, 'NOT_FOUND']);
    expect(errorOf(await askExperiments(broker, 'DELETE', 'ranker')).slice(0, 2)).toEqual([404, 'NOT_FOUND']);
    expect(JSON.parse((await askExperiments(broker, 'GET')).body)).toEqual({ experiments: [] });
  });

  it('have revisions that rise with every change of any, and with nothing else', async () => {
    const broker = await fixture.broker(transport);
    const put = async (experiment: Experiment) =>
      infoOf(await askExperiments(broker, 'PUT', experiment.name, experiment)).revision;
    const other = { ...HALVES, name: 'other', subject: 'models.other' };
    expect([await put(HALVES), await put(HALVES), await put(other)]).toEqual([1, 1, 2]);
    await askExperiments(broker, 'DELETE', 'other');
    expect([await put(weighted(60, 40)), await put(other)]).toEqual([4, 5]);
  });

  it.each([
    ['a weight too much', weighted(50, 51), 'variants', 'weights-sum'],
    ['a weight that is none', weighted(-1, 101), 'variants[0].weight', 'weight-range'],
    [
      'no range',
      { ...HALVES, variants: [{ name: 'a', version: 'one', weight: 100 }] },
      'variants[0].version',
      'not-a-range',
    ],
    ['a default that is not there', { ...HALVES, default: 'nobody' }, 'default', 'unknown-variant'],
    ['a member too much', { ...HALVES, weights: [] }, 'the root', 'unknown-member'],
    ['no key', { ...HALVES, assign: { key: 'cookie' } }, 'assign.key', 'key-form'],
    [
      'a mirror of itself',
      { ...weighted(0, 100), mirror: { variant: 'candidate', percent: 1 } },
      'mirror.variant',
      'cyclic-mirror',
    ],
    ['a subject of the broker', { ...HALVES, subject: '$experiments.>' }, 'subject', 'subject-form'],
    ['another name than the path', { ...HALVES, name: 'other' }, 'name', 'name-form'],
    [
      'a field of no contract',
      { ...HALVES, assign: { key: 'payload:id' } },
      'assign.key',
      'field-not-in-contract',
    ],
    ['no object', [], 'the root', 'value-type'],
  ])('are refused with the path and the rule: %s', async (_, experiment, path, rule) => {
    const broker = await fixture.broker(transport);
    const [status, code, message] = errorOf(await askExperiments(broker, 'PUT', 'ranker', experiment));
    expect([status, code]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(message).toContain(`[${rule}]`);
    expect(message).toContain(path);
    expect(JSON.parse((await askExperiments(broker, 'GET')).body)).toEqual({ experiments: [] });
  });

  it('may have keys in fields of contracts that their subjects are bound to, and in no others', async () => {
    const broker = await fixture.broker(transport);
    const user = 'table User { id:string; } table Ask { user:User; tags:[string]; } root_type Ask;';
    await register(broker, 'asks', user, {});
    await register(broker, 'pings', 'table Ping { at:ulong; } root_type Ping;', {});
    const put = (subject: string, path: string) =>
      askExperiments(broker, 'PUT', 'ranker', { ...HALVES, subject, assign: { key: `payload:${path}` } });
    await broker.registry.bind({ pattern: 'models.ranker', use: 'reply', contract: 'asks' });
    expect(errorOf(await put('models.ranker', 'user.id'))[2]).toContain('is bound to none');
    await broker.registry.bind({ pattern: 'models.ranker', use: 'request', contract: 'asks' });
    expect((await put('models.ranker', 'user.id')).status).toBe(201);
    for (const path of ['user', 'tags', 'user.name', 'id']) {
      const [status, , message] = errorOf(await put('models.ranker', path));
      expect([status, message]).toEqual([400, expect.stringContaining('[field-not-in-contract]')]);
      expect(message).toContain('assign.key, asks@1');
    }
    // Of a filter all that its subjects may be bound to.
    expect((await put('models.*', 'user.id')).status).toBe(200);
    await broker.registry.bind({ pattern: 'models.other', use: 'request', contract: 'pings' });
    expect(errorOf(await put('models.>', 'user.id'))[2]).toContain('assign.key, pings@1');
  });

  it('do not share a filter, nor the circle of their mirrors', async () => {
    const broker = await fixture.broker(transport);
    const put = async (experiment: Experiment) => askExperiments(broker, 'PUT', experiment.name, experiment);
    const mirrored = (name: string, subject: string, from: string, to: string): Experiment => ({
      ...{ name, subject, assign: { key: 'key', salt: name }, default: 'main' },
      variants: [
        { name: 'main', service: from, weight: 100 },
        { name: 'shadow', service: to, weight: 0 },
      ],
      mirror: { variant: 'shadow', percent: 1 },
    });
    expect((await put(mirrored('a', 'models.*', 'one', 'two'))).status).toBe(201);
    const [status, code, message] = errorOf(await put(mirrored('c', 'models.*', 'one', 'three')));
    expect([status, code]).toEqual([409, 'ALREADY_EXISTS']);
    expect(message).toContain('which a has');
    expect(errorOf(await put(mirrored('b', 'models.x', 'two', 'one')))[2]).toContain('[cyclic-mirror]');
    // What is more specific may be.
    expect((await put(mirrored('b', 'models.x', 'two', 'three'))).status).toBe(201);
  });

  it('are at most as many as the limit allows', async () => {
    const broker = await fixture.broker(transport, { maxExperiments: 1 });
    const put = async (experiment: Experiment) => askExperiments(broker, 'PUT', experiment.name, experiment);
    expect((await put(HALVES)).status).toBe(201);
    const [, code, message] = errorOf(await put({ ...HALVES, name: 'other', subject: 'models.other' }));
    expect([code, message]).toEqual(['RESOURCE_EXHAUSTED', expect.stringContaining('maxExperiments = 1')]);
    expect((await put(weighted(10, 90))).status).toBe(200);
  });

  it('are not changed by web pages of other origins, nor by what is no JSON', async () => {
    const broker = await fixture.broker(transport);
    const headers = { 'Content-Type': 'application/json', Origin: 'https://elsewhere.example' };
    const body = JSON.stringify(HALVES);
    const path = '/v1/experiments/ranker';
    expect((await ask(broker.port, path, { method: 'PUT', headers, body })).status).toBe(403);
    expect((await askExperiments(broker, 'PUT', 'ranker', '{"name":')).status).toBe(400);
    expect((await ask(broker.port, path, { method: 'PUT', body })).status).toBe(415);
    expect((await askExperiments(broker, 'POST', 'ranker', HALVES)).status).toBe(405);
    expect(JSON.parse((await askExperiments(broker, 'GET')).body)).toEqual({ experiments: [] });
  });

  it('are there again after a restart, with revisions and tables', async () => {
    const dataDir = await temporaryDirectory();
    const first = await startBroker({ port: 0, transport, dataDir });
    const three = (weights: readonly number[]) =>
      experimentOf(weights.map((weight, index) => ({ name: 'abc'[index]!, weight })));
    for (const weights of [
      [50, 25, 25],
      [25, 25, 50],
    ]) {
      expect((await askExperiments(first, 'PUT', 'ranker', three(weights))).status).toBeLessThan(300);
    }
    await askExperiments(first, 'PUT', 'gone', { ...HALVES, name: 'gone', subject: 'gone' });
    await askExperiments(first, 'DELETE', 'gone');
    const before = (await askExperiments(first, 'GET')).body;
    await first.close();
    const second = await fixture.broker(transport, {}, { dataDir });
    expect((await askExperiments(second, 'GET')).body).toBe(before);
    const { revision, table } = infoOf(await askExperiments(second, 'GET', 'ranker'));
    expect(revision).toBe(2);
    expect(table).not.toEqual(bucketTable(three([25, 25, 50]).variants));
    expect(infoOf(await askExperiments(second, 'PUT', 'ranker', three([26, 25, 49]))).revision).toBe(5);
  });
});

describe('experiments on disk', () => {
  afterEach(cleanUp);

  it('are there once they are acknowledged, also for a broker that was killed', async () => {
    const dataDir = await temporaryDirectory();
    const serve = async () => {
      const program = new CliProcess(['serve', '--port', '0', '--data-dir', dataDir]);
      const [, port] = await program.until('stdout', /^listening ws:.*:(\d+)$/);
      return { program, port: Number(port) };
    };
    const first = await serve();
    const infos = [];
    for (const weight of [10, 20, 30]) {
      infos.push((await askExperiments(first, 'PUT', 'ranker', weighted(100 - weight, weight))).body);
    }
    first.program.child.kill('SIGKILL');
    await first.program.exit;
    const second = await serve();
    expect((await askExperiments(second, 'GET', 'ranker')).body).toBe(infos.at(-1));
  });
});

describe('kept experiments', () => {
  const limits = { maxExperiments: 100 };

  it('move no more buckets than new weights ask for, over any number of changes', async () => {
    const names = ['a', 'b', 'c'];
    const changes = fc.array(weightsOf(names), { minLength: 2, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(changes, async (all) => {
        const registry = await openRegistry();
        const experiments = await Experiments.open({ directory: '', registry, limits });
        let before: BucketTable | undefined;
        for (const weights of all) {
          const { kept } = await experiments.put(experimentOf(weights));
          const counts = new Map(names.map((name) => [name, 0]));
          for (const [name, buckets] of kept.table) counts.set(name, counts.get(name)! + buckets);
          expect([...counts.values()]).toEqual(weights.map(({ weight }) => Math.round(weight * 100)));
          if (before !== undefined) {
            const had = new Map(names.map((name) => [name, 0]));
            for (const [name, buckets] of before) had.set(name, had.get(name)! + buckets);
            const gained = names.map((name) => Math.max(0, counts.get(name)! - had.get(name)!));
            expect(moved(before, kept.table)).toBe(gained.reduce((sum, one) => sum + one, 0));
          }
          before = kept.table;
        }
      }),
      { numRuns: 30 },
    );
  });

  it('read from disk what was put there, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyExperiment.filter(({ assign }) => !assign.key.startsWith('payload:')),
        async (experiment) => {
          const directory = await temporaryDirectory();
          const registry = await openRegistry(directory);
          const experiments = await Experiments.open({ directory, registry, limits });
          await experiments.put(experiment);
          const again = await Experiments.open({ directory, registry, limits });
          expect(again.list()).toEqual(experiments.list());
        },
      ),
      { numRuns: 20 },
    );
  });

  it('are not read from a file that was damaged', async () => {
    const directory = await temporaryDirectory();
    const registry = await openRegistry(directory);
    const experiments = await Experiments.open({ directory, registry, limits });
    await experiments.put(HALVES);
    const path = join(directory, 'experiments.json');
    const text = await readFile(path, 'utf8');
    for (const [from, to] of [
      ['"weight":50', '"weight":49'],
      ['["control",5000]', '["control",4000]'],
      ['"format":1', '"format":2'],
      ['"revision":1,', '"revision":-1,'],
      ['}', ''],
    ] as const) {
      expect(text).toContain(from);
      await writeFile(path, text.replace(from, to));
      const { code, message } = await refusal(Experiments.open({ directory, registry, limits }));
      expect([code, message]).toEqual(['FAILED_PRECONDITION', expect.stringContaining(path)]);
    }
  });

  it('are as before when the disk does not take a change', async () => {
    const directory = await temporaryDirectory();
    const registry = await openRegistry(directory);
    const experiments = await Experiments.open({ directory, registry, limits });
    await experiments.put(HALVES);
    const elsewhere = Experiments.open({
      ...{ limits, directory: join(directory, 'experiments.json') },
      registry,
    });
    expect((await refusal(elsewhere)).code).toBe('FAILED_PRECONDITION');
    await registry.close();
    expect((await refusal(experiments.put(weighted(10, 90)))).code).toBe('FAILED_PRECONDITION');
    expect(experiments.get('ranker')).toMatchObject({ revision: 1, experiment: HALVES });
  });
});

describe('experiments of rollouts', () => {
  async function open() {
    const registry = await openRegistry();
    const limits = { maxExperiments: 1 };
    return Experiments.open({ directory: '', registry, limits });
  }

  it('stand beside others, and are changed by nobody else', async () => {
    const experiments = await open();
    experiments.apply(HALVES);
    expect(experiments.list()).toMatchObject([{ revision: 0, experiment: HALVES }]);
    expect(experiments.isDriven('ranker')).toBe(true);
    const overlapping = { ...HALVES, name: 'other', subject: 'models.*' };
    for (const one of [HALVES, weighted(10, 90), overlapping]) {
      expect((await refusal(experiments.put(one))).code).toBe('FAILED_PRECONDITION');
    }
    expect((await refusal(experiments.delete('ranker'))).code).toBe('FAILED_PRECONDITION');
    await experiments.put({ ...HALVES, name: 'other', subject: 'orders' });
    experiments.withdraw('ranker');
    experiments.withdraw('other');
    expect(experiments.list().map(({ experiment }) => experiment.name)).toEqual(['other']);
  });

  it('take no subjects and no names of others', async () => {
    const experiments = await open();
    await experiments.put(HALVES);
    for (const one of [HALVES, { ...HALVES, name: 'other', subject: 'models.>' }]) {
      expect(() => experiments.apply(one)).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
    }
    expect(experiments.list()).toHaveLength(1);
  });

  it('move no more buckets than their weights, and back', async () => {
    const experiments = await open();
    const tables = [10, 50, 10].map((weight) => {
      experiments.apply(weighted(100 - weight, weight));
      return experiments.get('ranker').table;
    });
    expect(moved(tables[0]!, tables[1]!)).toBe(4_000);
    expect(tables[2]).toEqual(tables[0]);
  });
});
