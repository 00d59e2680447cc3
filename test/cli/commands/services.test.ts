import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import * as calls from '../../support/raw-calls.js';
import { TRANSPORTS } from '../../support/transports.js';
import { cleanUp, folder } from '../cli-process.js';
import { runHere } from '../run-here.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

async function scene() {
  const broker = await fixture.broker(TRANSPORTS[0]!);
  const services = (...args: readonly string[]) =>
    runHere(['services', ...args], { cwd: folder(), env: { MODWIRE_URL: broker.url } });
  return { broker, services };
}

/** Two groups: one whose worker has ended two requests and has one, one that has done nothing yet. */
async function served() {
  const { broker, services } = await scene();
  const worker = await fixture.raw(broker.url, { name: 'scorer' });
  const caller = await fixture.raw(broker.url);
  await calls.serve(worker, { subject: 'score', version: '1.2.0', concurrency: 4 });
  await calls.serve(worker, { service: 2, subject: 'a.*', group: 'blue', policy: 1 });
  worker.control({ type: 'capacity', service: 2, concurrency: 1, ready: false });
  const ids = [1, 2, 3].map(() => calls.request(caller, 'score'));
  await calls.nextHanded(worker, 3);
  calls.reply(worker, calls.handed(worker)[0]!);
  calls.fail(worker, calls.handed(worker)[1]!, 'INTERNAL');
  await calls.endOf(caller, ids[1]!);
  calls.request(caller, 'a.b');
  await caller.settle();
  await worker.settle();
  return { broker, services };
}

describe('modwire services', () => {
  it('shows each group of workers with what waits and how fast it is, and each worker with what it has', async () => {
    const { services } = await served();
    const { code, lines, stderr } = await services();
    expect([code, stderr]).toEqual([0, '']);
    const words = lines.map((line) => line.trim().split(/ {2,}/));
    expect(words).toEqual([
      ['a.* group blue round-robin'],
      ['1 waiting, 0 handed over, 0 replied, 0 failed'],
      ['0.0/s, median -, p99 -'],
      ['worker', 'version', 'busy', 'state', 'replied', 'failed'],
      ['scorer', '-', '0 of 1', 'not ready', '0', '0'],
      ['score least-outstanding'],
      ['0 waiting, 3 handed over, 1 replied, 1 failed'],
      [expect.stringMatching(/^\d+\.\d\/s, median -, p99 -$/)],
      ['worker', 'version', 'busy', 'state', 'replied', 'failed'],
      ['scorer', '1.2.0', '1 of 4', 'ready', '1', '1'],
    ]);
  });

  it('compares the versions of a group that has several', async () => {
    const { broker, services } = await scene();
    const [old, newer, caller] = [
      await fixture.raw(broker.url, { name: 'old' }),
      await fixture.raw(broker.url, { name: 'new' }),
      await fixture.raw(broker.url),
    ];
    await calls.serve(old, { version: '1.9.0' });
    await calls.serve(newer, { version: '1.10.0', concurrency: 4 });
    calls.request(caller, 's', { headers: [['modwire-version', '^1.10']] });
    await calls.nextHanded(newer);
    const { lines } = await services();
    const words = lines.map((line) => line.trim().split(/ {2,}/));
    expect(words.slice(3)).toEqual([
      ['version', 'workers', 'busy', '/s', 'median', 'p99', 'handed over', 'replied', 'failed'],
      ['1.9.0', '1', '0 of 1', '0.0', '-', '-', '0', '0', '0'],
      ['1.10.0', '1', '1 of 4', expect.stringMatching(/^\d+\.\d$/), '-', '-', '1', '0', '0'],
      ['worker', 'version', 'busy', 'state', 'replied', 'failed'],
      ['old', '1.9.0', '0 of 1', 'ready', '0', '0'],
      ['new', '1.10.0', '1 of 4', 'ready', '0', '0'],
    ]);
  });

  it('prints what HTTP answers as one JSON object a line', async () => {
    const { services } = await served();
    const { lines } = await services('--json');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        ...{ subject: 'a.*', group: 'blue', policy: 'round-robin', waiting: 1, handed: 0 },
        instances: [
          { client: 'scorer', version: '', concurrency: 1, outstanding: 0, ready: false, ejected: false },
        ],
      },
      {
        ...{ subject: 'score', group: '', policy: 'least-outstanding', waiting: 0, handed: 3, replied: 1 },
        ...{ failed: 1, medianMs: null, p99Ms: null },
        instances: [{ version: '1.2.0', concurrency: 4, outstanding: 1, ready: true, replied: 1, failed: 1 }],
      },
    ]);
  });

  it('says so when there is nobody', async () => {
    const { services } = await scene();
    expect(await services()).toMatchObject({ code: 0, stdout: '', stderr: 'nobody serves anything\n' });
    expect(await services('--json')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  it('is UNAVAILABLE without a broker', async () => {
    const { services } = await scene();
    const { code, stderr } = await services('--url', 'ws://127.0.0.1:1');
    expect(code).toBe(ERRORS.UNAVAILABLE.exitCode);
    expect(stderr).toContain('cannot reach the broker');
  });
});
