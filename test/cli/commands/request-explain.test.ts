import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { put, shadowing } from '../../support/mirror-scene.js';
import { TRANSPORTS } from '../../support/transports.js';
import { cleanUp, folder } from '../cli-process.js';
import { runHere } from '../run-here.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

async function scene() {
  const broker = await fixture.broker(TRANSPORTS[0]!);
  const worker = await fixture.client(broker.url, { name: 'scorer' });
  const request = (...args: readonly string[]) =>
    runHere(['request', ...args], { cwd: folder(), env: { MODWIRE_URL: broker.url } });
  return { broker, worker, request };
}

/** Lines with their durations as X. */
const plain = (lines: readonly string[]) => lines.map((line) => line.replace(/\d+\.\d ms/g, 'X ms'));

describe('modwire request --explain', () => {
  it('prints the reply, and on standard error why it came from there', async () => {
    const { broker, worker, request } = await scene();
    await worker.serve('models.ranker', { version: '1.4.0' }, () => 7);
    await worker.serve('models.*', { group: 'wide', version: '2.0.0' }, () => 7);
    await put(broker, { ...shadowing(0), assign: { key: 'key', salt: 'ranker' } } as never);
    const { code, stdout, errors } = await request('models.ranker', '1', '--explain', '--key', 'user-1');
    expect([code, stdout]).toEqual([0, '7\n']);
    expect(plain(errors)).toEqual([
      'models.ranker reply after X ms',
      '  contract: none',
      '  experiment: shadowing, variant control: bucket 2252 of its key (key)',
      '  may go to: version ^1',
      '  attempt 1: scorer, 1.4.0 by least-outstanding: reply after X ms',
      '  worker  version  group  why',
      '  scorer  1.4.0    -      chosen',
      '  scorer  2.0.0    wide   not in range',
    ]);
  });

  it('says the same where nobody answers', async () => {
    const { worker, request } = await scene();
    await worker.serve('s', { version: '1.4.0' }, () => 7);
    const { code, stdout, errors } = await request('s', '1', '--explain', '--version-range', '^2');
    expect([code, stdout]).toEqual([ERRORS.NO_RESPONDERS.exitCode, '']);
    expect(plain(errors).slice(0, -1)).toEqual([
      ...['s NO_RESPONDERS after X ms', '  contract: none', '  experiment: none', '  may go to: version ^2'],
      ...['  attempt 1: no worker: NO_RESPONDERS'],
      ...['  worker  version  group  why', '  scorer  1.4.0    -      not in range'],
    ]);
  });

  it('is a part of the reply with --json, and of standard error where there is none', async () => {
    const { worker, request } = await scene();
    await worker.serve('s', () => 7);
    const { lines, stderr } = await request('s', '1', '--explain', '--json');
    expect([lines.length, stderr]).toEqual([1, '']);
    expect(JSON.parse(lines[0]!)).toMatchObject({ explanation: { outcome: 'reply' }, payload: 7 });
    const { errors } = await request('nobody', '1', '--explain', '--json');
    expect(JSON.parse(errors[0]!)).toMatchObject({ outcome: 'NO_RESPONDERS' });
  });

  it('is about one request', async () => {
    const { request } = await scene();
    expect(await request('s', '1', '--explain', '--count', '2')).toMatchObject({
      code: ERRORS.INVALID_ARGUMENT.exitCode,
      stderr: expect.stringContaining('--explain is about one request'),
    });
  });
});
