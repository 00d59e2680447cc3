import type { RolloutInfo, VersionInfo } from '../../broker/rollouts/rollout-info.js';
import type { RolloutEvent } from '../../routing/rollouts/rollout-state.js';
import { secondsText } from '../../routing/rollouts/step-conditions.js';
import { count } from '../contracts/count.js';
import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';
import { timeOfDay } from '../output/time-text.js';

const BAR_CELLS = 40;
/** Of a range of versions in a table. Characters. */
const MAX_RANGE = 20;

const STATUS_COLOURS = {
  running: 'cyan',
  paused: 'yellow',
  completed: 'green',
  'rolled-back': 'red',
} as const;

/** A rollout for people. */
export function statusText(info: RolloutInfo, style: Style): string[] {
  const { name, plan, status, weights, missing, unsaved, lastEvent } = info;
  const colour = style[STATUS_COLOURS[status]];
  return [
    `${style.bold(printable(name))} ${printable(`${plan.strategy} on ${plan.subject}`)}`,
    `  ${colour(printable(statusLine(info)))}`,
    `  ${bar(weights.candidate, style)} ${weights.stable} % stable, ${weights.candidate} % candidate`,
    ...textTable(
      [
        ['version', 'share', 'requests', 'failed', 'median', 'p99', 'workers', 'busy'],
        versionRow('stable', info.stable, weights.stable),
        versionRow('candidate', info.candidate, weights.candidate),
      ],
      style,
    ),
    ...(missing === null ? [] : [`  waits for ${printable(missing)}`]),
    ...stopLine(info),
    `  ${style.dim(printable(eventLine(lastEvent)))}`,
    ...(unsaved === null ? [] : [`  ${style.red(printable(`not on disk: ${unsaved}`))}`]),
  ];
}

/** What has happened, in one line. */
export function eventLine({ atMs, from, to, weight, by, reason }: RolloutEvent): string {
  return `${timeOfDay(atMs * 1_000)} ${from} -> ${to}, ${weight} % by ${by}: ${reason}`;
}

function statusLine({ status, stage, plan, heldMs, inForce }: RolloutInfo): string {
  if (status === 'completed' || status === 'rolled-back') {
    return `${status} ${inForce ? '' : '(another rollout has its subjects)'}`.trimEnd();
  }
  const place = plan.strategy === 'canary' ? `${stage} of ${plan.steps.length}` : stage;
  return `${status}, ${place}, held for ${secondsText(heldMs)}`;
}

/** What an operator may do now that it has ended. */
function stopLine({ mayStop, inForce, ...info }: RolloutInfo): string[] {
  if (mayStop === null || !inForce) return [];
  const { range, workers } = info[mayStop];
  const rest = `${count(workers.workers, 'worker')}, ${count(workers.outstanding, 'request')} under way`;
  return [`  workers of ${printable(range)} get no more requests and may be stopped: ${rest}`];
}

function bar(percent: number, { cyan, dim }: Style): string {
  const cells = Math.round((percent * BAR_CELLS) / 100);
  // A share that is there is seen, however small; so is what is left.
  const filled = percent > 0 && percent < 100 ? Math.min(Math.max(cells, 1), BAR_CELLS - 1) : cells;
  return `${cyan('█'.repeat(filled))}${dim('░'.repeat(BAR_CELLS - filled))}`;
}

function versionRow(side: string, { range, workers, figures }: VersionInfo, share: number): string[] {
  const short = range.length > MAX_RANGE ? `${range.slice(0, MAX_RANGE)}…` : range;
  return [
    ...[`${short} (${side})`, `${share} %`],
    ...(figures === null ? ['-', '-'] : [String(figures.requests), String(figures.failed)]),
    ...[msText(figures?.p50Ms), msText(figures?.p99Ms)],
    ...[String(workers.workers), `${workers.outstanding} of ${workers.concurrency}`],
  ];
}

function msText(ms: number | undefined): string {
  return ms === undefined ? '-' : `${ms.toFixed(1)} ms`;
}
