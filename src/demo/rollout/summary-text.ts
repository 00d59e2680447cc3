import type { RolloutEvent } from '../../routing/rollouts/rollout-state.js';
import type { Style } from '../style.js';
import { formatCount, formatTable, latencyCells } from '../table.js';
import type { StepAccount } from './account.js';
import type { RolloutDemoOptions } from './options.js';
import { STEPS, VERSIONS, WORKERS } from './scene.js';
import type { RolloutSummary } from './summary.js';

/** The summary for people; `width` is that of the terminal in columns. */
export function rolloutSummaryText(
  summary: RolloutSummary,
  { rate }: RolloutDemoOptions,
  style: Style,
  width: number,
): string {
  const { seconds, steps, interrupted } = summary;
  const [head, ...rows] = stepTable(steps, width);
  return [
    `${style.bold('modwire demo rollout')}: ${VERSIONS.stable} → ${VERSIONS.candidate} by ${STEPS.join(', ')} %, ` +
      `${seconds.toFixed(1)} s at ${rate} requests/s${interrupted ? ', then stopped' : ''}`,
    '',
    style.dim(head!),
    ...rows,
    style.dim('observed of the requests of new users that surely belong to the step; σ of as many draws'),
    '',
    ...accountLines(summary),
    '',
    ...verdict(summary, style),
  ].join('\n');
}

/** What has happened, in one line. */
export function eventText({ from, to, weight, by, reason }: RolloutEvent): string {
  return `${from} -> ${to}, ${weight} % to ${VERSIONS.candidate}, by ${by}: ${reason}`;
}

function stepTable(steps: readonly StepAccount[], width: number): string[] {
  const heads = [
    'step',
    'took',
    'requests',
    VERSIONS.stable,
    VERSIONS.candidate,
    'planned',
    'observed',
    'off',
  ];
  const rows = steps.map((step) => [
    step.name,
    `${(step.tookMs / 1_000).toFixed(1)} s`,
    ...[step.requests, step.stable, step.candidate].map(formatCount),
    `${step.planned} %`,
    step.requests === 0 ? '-' : `${((100 * step.candidate) / step.requests).toFixed(1)} %`,
    step.sigmas === undefined ? '-' : `${step.sigmas.toFixed(1)} σ`,
  ]);
  return formatTable([heads, ...rows], width);
}

function accountLines(summary: RolloutSummary): string[] {
  const { made, answered, failed, open, retries, processed, duplicates } = summary;
  const { judged, elsewhere, returning, wentBack, left, rollbackMs, windowMs, events, latencyMicros } =
    summary;
  const failures = Object.entries(failed).map(([code, count]) => `${formatCount(count)} ${code}`);
  const latency = (side: keyof typeof VERSIONS) => {
    const [p50, p99] = latencyCells(latencyMicros[side]);
    return `${VERSIONS[side]} p50 ${p50}, p99 ${p99} ms`;
  };
  const lines: Array<readonly [string, string]> = [
    [
      'requests',
      `${formatCount(made)} made, ${formatCount(answered.stable)} answered by ${VERSIONS.stable}, ` +
        `${formatCount(answered.candidate)} by ${VERSIONS.candidate}, ` +
        `${failures.length === 0 ? '0 failed' : failures.join(', ')}, ${formatCount(open)} open, ` +
        `${formatCount(retries)} made again`,
    ],
    [
      'processed',
      `${formatCount(processed)} by 2 × ${WORKERS} workers, ${formatCount(duplicates)} of them twice`,
    ],
    [
      'assigned',
      `${formatCount(judged - elsewhere)} of ${formatCount(judged)} as their keys and the step say; ` +
        `${formatCount(returning)} by users who had asked before` +
        (failures.length > 0 ? '' : `, ${formatCount(wentBack)} of them back at the old version`),
    ],
    ['latency', `${latency('stable')}; ${latency('candidate')}`],
  ];
  if (failures.length > 0) {
    const beyond = `${formatCount(summary.failedElsewhere)} of them not for ${VERSIONS.candidate}`;
    const after =
      rollbackMs === undefined ? '' : `; taken back ${seconds(rollbackMs)} after the first failure`;
    lines.push(['failures', `${beyond}${after} (window ${seconds(windowMs)})`]);
  }
  if (left !== undefined) {
    lines.push([
      'left',
      `workers of ${VERSIONS[left.side]} drained and stopped, ${formatCount(left.madeAfter)} requests since then`,
    ]);
  }
  const last = events.at(-1);
  if (last !== undefined) lines.push(['last event', eventText(last)]);
  return lines.map(([name, text]) => `${name.padEnd(11)}${text}`);
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function verdict({ ok, problems, status }: RolloutSummary, style: Style): string[] {
  if (!ok) return [style.red('BROKEN'), ...problems.map((problem) => `  ${problem}`)];
  return [style.green(status === 'rolled-back' ? OK_BACK : OK)];
}

const OK = 'ok: no request failed, none was processed twice, every one went where it belongs';
const OK_BACK = 'ok: taken back within the window, and nothing failed beyond the share of the new version';
