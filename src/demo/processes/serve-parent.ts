import { toModwireError } from '../../errors.js';
import { type Call, type Commands, REPORT_MS, type Report } from '../commands.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does what the parent says, and reports figures while there are any. The process ends with its parent, however that
 * ends. Signals that ask it to end are left to the parent.
 */
export function serveParent<C extends Commands<C>>(commands: C, figures: () => unknown): void {
  for (const signal of SIGNALS) process.on(signal, () => undefined);
  process.on('disconnect', () => process.exit());
  // It may have happened while this program was loaded.
  if (!process.connected) process.exit();
  process.on('message', (call: Call) => void answer(commands, call));
  setInterval(() => {
    const current = figures();
    if (current !== undefined) report({ figures: current });
  }, REPORT_MS);
}

async function answer<C extends Commands<C>>(commands: C, { id, command, argument }: Call): Promise<void> {
  try {
    const value = await commands[command as keyof C](argument);
    report({ id, value });
  } catch (thrown) {
    const { code, message } = toModwireError(thrown);
    report({ id, error: { code, message } });
  }
}

function report(message: Report): void {
  // The parent may be gone between two turns of the event loop; then so is this process soon.
  if (process.connected) process.send!(message, () => undefined);
}
