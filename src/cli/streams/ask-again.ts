import type { Client } from '../../client/client.js';
import { count } from '../contracts/count.js';
import { toJsonLine } from '../output/printable.js';
import { Counterfactual, type CounterfactualPlan } from './counterfactual.js';
import { checkSame, counterfactualText } from './counterfactual-report.js';
import { Progress, percentOf } from './progress.js';
import type { Printing } from './publish-again.js';

/** Makes recorded requests again, and prints how the answers compare. Rejects with why it ended early, or when any differ. */
export async function askAgain(
  client: Client,
  plan: Omit<CounterfactualPlan, 'progress'>,
  { json, terminal }: Printing,
): Promise<void> {
  const { stdout, stderr } = terminal;
  const shown = new Progress(stderr);
  const progress: CounterfactualPlan['progress'] = (requests, offset, firstOffset, lastOffset) => {
    const part = () => percentOf(offset, firstOffset, lastOffset);
    shown.show(() => `made ${count(requests, 'request')} again, ${part()}`);
  };
  const { report, error } = await new Counterfactual(client, { ...plan, progress })
    .run()
    .finally(() => shown.end());
  const lines = json ? [toJsonLine(report)] : counterfactualText(report, stdout.style);
  for (const line of lines) await stdout.line(line);
  if (error !== undefined) throw error;
  checkSame(report);
}
