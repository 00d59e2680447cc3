// A registry in a process of its own, which may be killed: options as JSON in the first argument. Each line that it is
// told is a list of steps, done at once; each step that is acknowledged or refused is a line that it writes before
// anything else happens.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DEFAULT_LIMITS } from '../../dist/limits.js';
import { Registry } from '../../dist/registry/registry.js';
import { startWorkerPool } from '../../dist/workers/worker-pool.js';

const say = (answer) => writeSync(1, `${JSON.stringify(answer)}\n`);
const refused = ({ code, message }) => say({ refused: code, message });

/** A step names a method, and its arguments; schemas are in base64. */
function run(registry, { method, args }) {
  const [first, ...rest] = args;
  if (method !== 'register') return registry[method](...args);
  return registry.register({ ...first, bfbs: Buffer.from(first.bfbs, 'base64') }, ...rest);
}

try {
  const options = JSON.parse(process.argv[2]);
  const { workerThreads, maxWorkerTasks, workerTaskMs, maxWorkerBytes } = DEFAULT_LIMITS;
  const work = startWorkerPool({
    ...{ threads: workerThreads, maxQueue: maxWorkerTasks, taskMs: workerTaskMs, maxWorkerBytes },
  });
  const registry = await Registry.open({ ...options, work, limits: DEFAULT_LIMITS });
  say({ open: registry.contracts().length });
  for await (const line of createInterface(process.stdin)) {
    const steps = JSON.parse(line);
    await Promise.all(
      steps.map((step, index) => run(registry, step).then(() => say({ done: index }), refused)),
    );
    say({ contracts: registry.contracts() });
  }
  await registry.close();
  await work.close();
} catch (thrown) {
  refused(thrown);
}
