import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { HALVES, serveVersion, variantMet } from '../../support/experiments.js';
import { TRANSPORTS } from '../../support/transports.js';
import { CliProcess, cleanUp, folder } from '../cli-process.js';
import { runHere } from '../run-here.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

async function scene() {
  const broker = await fixture.broker(TRANSPORTS[0]!);
  const cwd = folder();
  const env = { MODWIRE_URL: broker.url };
  const experiments = (...args: readonly string[]) => runHere(['experiments', ...args], { cwd, env });
  const write = (value: unknown, name = 'ranker.json') =>
    writeFileSync(join(cwd, name), typeof value === 'string' ? value : JSON.stringify(value));
  return { broker, experiments, write, cwd, env };
}

const words = (lines: readonly string[]) => lines.map((line) => line.trim().split(/ {2,}/));

describe('modwire experiments', () => {
  it('puts an experiment there, shows it, lists it and deletes it', async () => {
    const { experiments, write } = await scene();
    expect(await experiments('list')).toMatchObject({ code: 0, stderr: 'there are no experiments\n' });
    write({ ...HALVES, mirror: { variant: 'candidate', percent: 2.5 } });
    const shown = [
      ['ranker revision 1'],
      ['subject models.ranker, key key, salt ranker, default control'],
      ['2.5 % mirrored to candidate'],
      ['variant', 'weight', 'workers', 'buckets'],
      ['control', '50 %', '^1', '0-4999'],
      ['candidate', '50 %', '^2', '5000-9999'],
    ];
    const put = await experiments('put', 'ranker.json');
    expect([put.code, put.stderr, words(put.lines)]).toEqual([0, '', shown]);
    expect(words((await experiments('show', 'ranker')).lines)).toEqual(shown);
    const [first, second] = HALVES.variants as [object, object];
    write({
      ...HALVES,
      variants: [
        { ...first, weight: 60.5 },
        { ...second, weight: 39.5, service: 'gpu' },
      ],
    });
    await experiments('put', 'ranker.json');
    expect(words((await experiments('list')).lines)).toEqual([
      ['experiment', 'subject', 'key', 'variants', 'revision'],
      ['ranker', 'models.ranker', 'key', 'control 60.5 %, candidate 39.5 %', '2'],
    ]);
    expect(words((await experiments('show', 'ranker')).lines)).toContainEqual([
      ...['candidate', '39.5 %', '^2 of group gpu', '6050-9999'],
    ]);
    expect((await experiments('delete', 'ranker')).stdout).toBe('deleted ranker\n');
    expect((await experiments('show', 'ranker')).code).toBe(ERRORS.NOT_FOUND.exitCode);
  });

  it('prints what HTTP answers as JSON', async () => {
    const { experiments, write } = await scene();
    write(HALVES);
    const json = async (...args: readonly string[]) =>
      JSON.parse((await experiments(...args, '--json')).stdout) as unknown;
    const info = { revision: 1, experiment: HALVES, driven: false, table: expect.any(Array) };
    expect(await json('put', 'ranker.json')).toEqual(info);
    expect(await json('show', 'ranker')).toEqual(info);
    expect(await json('list')).toEqual(info);
    expect(await json('delete', 'ranker')).toEqual(info);
  });

  it('works out where keys belong, which is where their requests go', async () => {
    const { broker, experiments, write } = await scene();
    write(HALVES);
    await experiments('put', 'ranker.json');
    await serveVersion(await fixture.client(broker.url), '1.0.0');
    await serveVersion(await fixture.client(broker.url), '2.0.0');
    const caller = await fixture.client(broker.url);
    const keys = ['user-1', 'user-2', 'größe', '42'];
    const { stdout } = await experiments('assign', 'ranker', ...keys, '--json');
    const assigned = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { variant: string });
    expect(assigned[0]).toEqual({
      ...{ experiment: 'ranker', revision: 1, key: 'user-1', variant: 'control', bucket: 2252 },
    });
    for (const [index, key] of keys.entries()) {
      expect(await variantMet(caller, { key })).toBe(assigned[index]!.variant);
    }
    expect(words((await experiments('assign', 'ranker', 'user-1', '')).lines)).toEqual([
      ['key', 'variant', 'bucket'],
      ['user-1', 'control', '2252'],
      ['control', '-'],
    ]);
  });

  it('takes the id of a trace where that is the key', async () => {
    const { experiments, write } = await scene();
    write({ ...HALVES, assign: { key: 'trace' } });
    await experiments('put', 'ranker.json');
    const { stdout } = await experiments('assign', 'ranker', '0123456789abcdef0123456789abcdef', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ bucket: expect.any(Number) });
    const { code, stderr } = await experiments('assign', 'ranker', 'user-1');
    expect([code, stderr]).toEqual([2, expect.stringContaining('not a trace id')]);
  });

  it('refuses what is no experiment, with the path and the rule', async () => {
    const { experiments, write } = await scene();
    write({ ...HALVES, default: 'nobody' });
    const { code, stderr } = await experiments('put', 'ranker.json');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/\[unknown-variant\].*default/)]);
    write('{"name"');
    expect((await experiments('put', 'ranker.json')).stderr).toContain('not JSON');
    expect((await experiments('put', 'nothing.json')).code).toBe(ERRORS.NOT_FOUND.exitCode);
    // What only a broker knows.
    write({ ...HALVES, assign: { key: 'payload:user.id' } });
    expect((await experiments('put', 'ranker.json')).stderr).toContain('[field-not-in-contract]');
  });

  it('reads an experiment from standard input', async () => {
    const { env } = await scene();
    const run = new CliProcess(['experiments', 'put', '--json'], { env, input: JSON.stringify(HALVES) });
    expect(await run.exit).toEqual({ code: 0, signal: null });
    expect(JSON.parse(run.stdout)).toMatchObject({ experiment: HALVES });
  });
});
