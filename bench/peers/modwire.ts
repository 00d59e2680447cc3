import { fileURLToPath } from 'node:url';
import type { StartBroker } from './broker.js';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

/** `modwire serve` as it is shipped, with its default settings. */
export const startModwire: StartBroker = async (processes) => {
  const { pid, match } = await processes.serve({
    command: process.execPath,
    args: [CLI, 'serve', '--port', '0'],
    ready: /^listening (ws:\S+)/m,
  });
  return { pid, url: match[1]! };
};
