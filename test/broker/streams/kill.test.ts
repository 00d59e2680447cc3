import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const SOAK = fileURLToPath(new URL('../../chaos/streams/main.mjs', import.meta.url));

it('a broker that is killed has stored what it acknowledged, once and in order', async () => {
  const args = [SOAK, '--cycles', '5', '--look-every', '2', '--json'];
  // Who exits with 1 has printed why.
  const run = promisify(execFile)(process.execPath, args);
  const { stdout } = await run.catch((failure: { stdout: string }) => failure);
  expect(JSON.parse(stdout)).toMatchObject({ cycles: 5, faults: [] });
});
