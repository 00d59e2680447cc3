import { afterEach, describe, expect, it } from 'vitest';
import { ERRORS } from '../../../src/errors.js';
import { BrokerFixture } from '../../support/broker-fixture.js';
import { mirrorScene, put, settledReport, shadowing } from '../../support/mirror-scene.js';
import { TRANSPORTS } from '../../support/transports.js';
import { cleanUp, folder } from '../cli-process.js';
import { runHere } from '../run-here.js';

const fixture = new BrokerFixture();

afterEach(cleanUp);

async function scene() {
  const { broker, one, two, caller } = await mirrorScene(fixture, TRANSPORTS[0]!);
  await one.serve('models.ranker', { version: '1.0.0' }, () => ({ score: 0.5, name: 'x' }));
  await two.serve('models.ranker', { version: '2.0.0' }, () => ({ score: 0.75, name: 'x' }));
  await put(broker, shadowing(100));
  for (let count = 0; count < 3; count++) {
    await caller.request('models.ranker', count);
    await settledReport(broker);
  }
  const report = (...args: readonly string[]) =>
    runHere(['experiments', 'report', ...args], { cwd: folder(), env: { MODWIRE_URL: broker.url } });
  return { broker, report };
}

describe('modwire experiments report', () => {
  it('shows by field in what replies differ', async () => {
    const { report } = await scene();
    const { code, lines } = await report('shadowing');
    expect(code).toBe(0);
    expect(lines.map((line) => line.trim().split(/ {2,}/))).toEqual([
      [expect.stringMatching(/^shadowing copies to shadow since \d{4}-\d\d-\d\dT[\d:.]+Z$/)],
      ['3 compared, 3 with differences; 3 copied, 0 pending'],
      ['1 field differs, 4 never did'],
      ['field', 'differing', 'of', 'how', 'max abs', 'max rel', 'first example'],
      ['score', '3', '3', 'value', '0.25', '0.333', 'score: 0.5 / 0.75'],
    ]);
  });

  it('prints what HTTP answers as one JSON object on a line', async () => {
    const { broker, report } = await scene();
    const { lines } = await report('shadowing', '--json');
    expect(lines.map((line) => JSON.parse(line))).toEqual([await settledReport(broker)]);
  });

  it('begins a new one with --reset, and shows the old', async () => {
    const { report } = await scene();
    expect((await report('shadowing', '--reset')).lines[1]).toContain('3 compared');
    expect((await report('shadowing')).lines.slice(1)).toEqual([
      '  0 compared, 0 with differences; 0 copied, 0 pending',
      '  0 fields differ, 0 never did',
    ]);
  });

  it('is NOT_FOUND without the experiment', async () => {
    const { report } = await scene();
    expect(await report('nothing')).toMatchObject({
      code: ERRORS.NOT_FOUND.exitCode,
      stderr: expect.stringContaining('no such experiment'),
    });
  });
});
