import { fileURLToPath } from 'node:url';
import { DURABLE_FILTER, DURABLE_STREAM } from '../durable/durable-driver.js';
import type { ProcessGroup } from '../process-group.js';
import type { Broker, StartBroker } from './broker.js';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** `modwire serve` as it is shipped, with its default settings. */
export const startModwire: StartBroker = (processes) => serve(processes, []);

/** The same with a stream on disk, which captures DURABLE_FILTER. */
export async function startModwireOnDisk(
  processes: ProcessGroup,
  sync: 'always' | 'interval',
): Promise<Broker> {
  const broker = await serve(processes, ['--data-dir', processes.folder()]);
  const answer = await fetch(`${broker.url.replace(/^ws/, 'http')}/v1/streams`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ name: DURABLE_STREAM, filters: [DURABLE_FILTER], sync }),
  });
  if (!answer.ok) throw new Error(`the stream: ${answer.status} ${await answer.text()}`);
  return broker;
}

async function serve(processes: ProcessGroup, args: readonly string[]): Promise<Broker> {
  const { pid, match } = await processes.serve({
    command: process.execPath,
    args: [CLI, 'serve', '--port', '0', ...args],
    ready: /^listening (ws:\S+)/m,
  });
  return { pid, url: match[1]! };
}
