// npm run soak: workers are killed, hang, become slow and drain while requests go on. Says what became of every request, and
// ends with 1 when one has no outcome, two, or a late one, when fewer than 99.9 % of the idempotent ones have a reply, or
// when latencies do not recover. With --untimed it does not ask how many have a reply and how long they take, which depends
// on what else the machine does, and goes through the troubles faster.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Fleet } from './fleet.mjs';
import { judge } from './judge.mjs';

const USAGE = 'npm run soak -- [--kills N] [--untimed] [--json]';
/** Before the first trouble and after the last; and from one to the next, long enough for latencies to recover. Milliseconds. */
const TIMED = { calmMs: 3_000, everyMs: 4_000 };
const UNTIMED = { calmMs: 1_000, everyMs: 500 };
/** Each kill is followed by one of each of these. */
const TROUBLES = ['kill', 'hang', 'slow', 'drain'];

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    untimed: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const kills = Number(values.kills);
if (values.help || !Number.isInteger(kills) || kills < 1) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const { calmMs, everyMs } = values.untimed ? UNTIMED : TIMED;
const folder = mkdtempSync(join(tmpdir(), 'modwire-soak-'));
const processed = join(folder, 'processed');
const fleet = await Fleet.start(processed);
const troubles = [];
try {
  await delay(calmMs);
  for (let round = 0; round < kills; round++) {
    for (const trouble of TROUBLES) {
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kkill ${round + 1} of ${kills}: ${trouble}`);
      troubles.push({ trouble, atMs: fleet.loadMs });
      await fleet.cause(trouble);
      await delay(everyMs);
    }
  }
  await delay(calmMs);
  const report = await fleet.end();
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const twice = repeated(readFileSync(processed, 'utf8').trimEnd().split('\n'));
  const verdict = judge(report, troubles, twice, !values.untimed);
  console.log(values.json ? JSON.stringify(verdict) : verdict.text);
  process.exitCode = verdict.faults.length > 0 ? 1 : 0;
} finally {
  fleet.kill();
  rmSync(folder, { recursive: true });
}

/** How many requests were processed more than once that must not be. */
function repeated(lines) {
  return lines.length - new Set(lines).size;
}
