import type { RolloutDetails } from '../../broker/rollouts/rollout-info.js';
import { ModwireError } from '../../errors.js';
import { TICK_MS } from '../../routing/rollouts/rollout-tick.js';
import type { RolloutsApi } from '../http/rollouts-api.js';
import { printable, toJsonLine } from '../output/printable.js';
import type { Terminal } from '../terminal.js';
import { eventLine, statusText } from './status-text.js';

/**
 * Shows a rollout until it ends, or the command is interrupted: on a terminal drawn over itself, otherwise, and as JSON, what
 * happens, event by event. Rejects with FAILED_PRECONDITION when it was rolled back.
 */
export async function watchRollout(
  api: RolloutsApi,
  name: string,
  { stdout }: Terminal,
  asJson: boolean,
): Promise<void> {
  let told = 0;
  for (;;) {
    let rollout: RolloutDetails;
    try {
      rollout = await api.rollout(name);
    } catch (thrown) {
      if (api.isInterrupted) return;
      throw thrown;
    }
    if (stdout.isTerminal && !asJson) stdout.redraw(statusText(rollout, stdout.style));
    else {
      const { history, forgotten } = rollout;
      for (const event of history.slice(Math.max(0, told - forgotten))) {
        await stdout.line(asJson ? toJsonLine(event) : printable(eventLine(event)));
      }
      told = history.length + forgotten;
    }
    if (rollout.status === 'completed') return;
    if (rollout.status === 'rolled-back') throw rolledBack(rollout);
    if (stdout.closed.aborted || !(await api.wait(TICK_MS))) return;
  }
}

function rolledBack({ name, lastEvent }: RolloutDetails): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'the rollout was rolled back',
    got: lastEvent.reason,
    where: name,
  });
}
