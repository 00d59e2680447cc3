import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));

interface Verdict {
  readonly faults: readonly string[];
  readonly made: number;
  readonly troubles: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** What may become of requests that have far more time than any trouble lasts. */
const POSSIBLE = ['reply', 'reply (not idempotent)', 'UNAVAILABLE (not idempotent)'];

it('every request has one outcome while workers are killed, hang, become slow and drain', {
  timeout: 90_000,
}, async () => {
  // Who exits with 1 has printed why.
  const run = promisify(execFile)(process.execPath, [MAIN, '--kills', '3', '--untimed', '--json']);
  const { stdout } = await run.catch((failure: { stdout: string }) => failure);
  const { faults, made, troubles, outcomes } = JSON.parse(stdout) as Verdict;
  expect(faults).toEqual([]);
  expect(troubles).toBe(6);
  expect(Object.keys(outcomes).filter((outcome) => !POSSIBLE.includes(outcome))).toEqual([]);
  expect(Object.values(outcomes).reduce((sum, count) => sum + count, 0)).toBe(made);
  expect(outcomes.reply).toBeGreaterThan(100);
});
