import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

async function verdictOf(program: string, ...args: string[]): Promise<Record<string, unknown>> {
  const path = fileURLToPath(new URL(program, import.meta.url));
  // Who exits with 1 has printed why.
  const run = promisify(execFile)(process.execPath, [path, ...args, '--json']);
  const { stdout } = await run.catch((failure: { stdout: string }) => failure);
  return JSON.parse(stdout) as Record<string, unknown>;
}

it('a broker that is killed again and again has stored what it acknowledged, once and in order', {
  timeout: 120_000,
}, async () => {
  const { faults, records, killedEarly } = await verdictOf('main.mjs', '--cycles', '50', '--seed', '6');
  expect(faults).toEqual([]);
  expect(records).toBeGreaterThan(1_000);
  expect(killedEarly).toBeGreaterThan(0);
});

it('a message is stored once however often it is published, over the death of the broker', {
  timeout: 120_000,
}, async () => {
  const { faults, distinct, repeated } = await verdictOf('dedup.mjs', '--messages', '20000');
  expect(faults).toEqual([]);
  expect(repeated).toBeGreaterThan(1_000);
  expect(distinct).toBe(20_000 - (repeated as number));
});
