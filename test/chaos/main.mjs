// npm run soak: workers are killed, hang, become slow and drain while requests go on. Says what became of every request, and
// ends with 1 when one has no outcome, two, or a late one, when fewer than 99.9 % of the idempotent ones have a reply, or
// when latencies do not recover. With --untimed it asks so little of the machine that what else that does changes nothing, and
// does not ask how long requests take.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Fleet } from './fleet.mjs';
import { Judge, RECOVERY_MS } from './judge.mjs';

const USAGE = 'npm run soak -- [--kills N] [--untimed] [--json]';
/**
 * Before the first trouble and after the last; from the beginning of one to that of the next at least, of which what is above
 * the time for recovery shows whether it was enough; and from the end of one to the next. Milliseconds.
 */
const TIMED = { calmMs: 4_000, everyMs: RECOVERY_MS + 1_000, restMs: 1_000 };
const UNTIMED = { calmMs: 1_000, everyMs: 0, restMs: 500 };
/** Each kill is followed by one of these, in turn. */
const OTHERS = ['hang', 'slow', 'drain'];

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

const { calmMs, everyMs, restMs } = values.untimed ? UNTIMED : TIMED;
const troubles = Array.from({ length: kills }, (_, kill) => ['kill', OTHERS[kill % OTHERS.length]]).flat();
const folder = mkdtempSync(join(tmpdir(), 'modwire-soak-'));
const processed = join(folder, 'processed');
const judge = new Judge(!values.untimed);
const fleet = new Fleet(values.untimed ? 'untimed' : 'timed', processed, (ended) => judge.take(ended));
try {
  await fleet.start();
  await delay(calmMs);
  const began = performance.now();
  for (const [index, trouble] of troubles.entries()) {
    const at = performance.now();
    show(index, trouble, at - began);
    judge.trouble(trouble, fleet.loadMs);
    await fleet.cause(trouble);
    await delay(Math.max(restMs, at + everyMs - performance.now()));
  }
  await delay(calmMs);
  const report = await fleet.end();
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const twice = repeated(readFileSync(processed, 'utf8').trimEnd().split('\n'));
  const verdict = judge.verdict(report, twice);
  console.log(values.json ? JSON.stringify(verdict) : verdict.text);
  process.exitCode = verdict.faults.length > 0 ? 1 : 0;
} finally {
  fleet.kill();
  rmSync(folder, { recursive: true });
}

/** What goes on, on a terminal. `tookMs`: for those before. */
function show(index, trouble, tookMs) {
  if (!process.stderr.isTTY) return;
  const left =
    index === 0 ? '' : `, ${Math.ceil((tookMs / index) * ((troubles.length - index) / 60_000))} min left`;
  process.stderr.write(`\r\x1b[Ktrouble ${index + 1} of ${troubles.length}: ${trouble}${left}`);
}

/** How many requests were processed more than once that must not be. */
function repeated(lines) {
  return lines.length - new Set(lines).size;
}
