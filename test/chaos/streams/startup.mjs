// npm run soak:startup: fills a stream on disk, and says how long `modwire serve` takes until clients can connect and how much memory it
// has then, beside one whose stream is empty. With --recent all records have come within the deduplication window.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { fillStream } from './fill-stream.mjs';

const USAGE = 'npm run soak:startup -- [--records N] [--recent] [--starts N]';
const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '10000000' },
    recent: { type: 'boolean', default: false },
    starts: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
});
const [records, starts] = [Number(values.records), Number(values.starts)];
if (values.help || ![records, starts].every((count) => Number.isInteger(count) && count > 0)) {
  console.error(USAGE);
  process.exit(values.help ? 0 : 2);
}

const folder = mkdtempSync(join(tmpdir(), 'modwire-startup-'));
try {
  for (const [name, count] of [
    ['empty', 0],
    ['full', records],
  ]) {
    const dataDir = join(folder, name);
    await fillStream(dataDir, count, values.recent);
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      const times = [];
      let resident = 0;
      // The first one opens what was closed, or killed.
      for (let index = 0; index <= starts; index++) {
        const started = await start(dataDir, signal);
        if (index > 0) times.push(started.ms);
        resident = Math.max(resident, started.resident);
      }
      const [median, longest] = [times.toSorted((a, b) => a - b)[times.length >> 1], Math.max(...times)];
      const end = signal === 'SIGTERM' ? 'after it was stopped' : 'after it was killed';
      console.log(
        `${count} records, ${end}: ready in ${Math.round(median)} ms (at most ${Math.round(longest)}), ${Math.round(resident / 2 ** 20)} MiB of memory`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}

/** Starts a broker, and ends it once it is ready. */
async function start(dataDir, signal) {
  const began = performance.now();
  const broker = spawn(process.execPath, [CLI, 'serve', '--port', '0', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let said = '';
  for await (const chunk of broker.stdout) {
    said += chunk;
    if (/^listening /m.test(said)) break;
  }
  const ms = performance.now() - began;
  const resident = residentOf(broker.pid);
  const gone = once(broker, 'exit');
  broker.kill(signal);
  await gone;
  return { ms, resident };
}

/** Memory of its own, without what is mapped of files. Bytes; 0 where the system does not say. */
function residentOf(pid) {
  try {
    return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
