import { callTable, LATENCY_CAPTION, stageTable } from './account-tables.js';
import { failedCount } from './accounts.js';
import type { Latency } from './latency.js';
import type { Style } from './style.js';
import type { Summary } from './summary.js';
import { formatCount, latencyCells } from './table.js';

/** The summary for people. `title` says what was sent; `width` is that of the terminal in columns. */
export function summaryText(summary: Summary, title: string, style: Style, width: number): string {
  const { calls, stages } = summary;
  const stopped = summary.interrupted ? ', then stopped' : '';
  return [
    `${style.bold('modwire demo')}: ${summary.seconds.toFixed(1)} s of ${title}${stopped}`,
    '',
    ...painted(
      callTable(calls, width),
      calls.map(({ open }) => open > 0),
      style,
    ),
    '',
    ...painted(
      stageTable(stages, width),
      stages.map(({ lost }) => lost > 0),
      style,
    ),
    style.dim(LATENCY_CAPTION),
    '',
    ...accountLines(summary),
    '',
    ...verdict(summary, style),
  ].join('\n');
}

/** A table with its head dimmed and bad rows red. */
function painted([head, ...rows]: readonly string[], bad: readonly boolean[], style: Style): string[] {
  return [style.dim(head!), ...rows.map((row, index) => (bad[index] ? style.red(row) : row))];
}

function accountLines(summary: Summary): string[] {
  const { requests, causes, broker, transport, total, answerMicros } = summary;
  const lines: Array<readonly [string, string]> = [
    ['requests', outcomesText(summary)],
    [
      'predicted',
      `${formatCount(requests.predicted)}, ${formatCount(causes.joined)} from their own features, ` +
        `${formatCount(requests.fedBack)} fed back`,
    ],
    [
      'answers',
      answerMicros === undefined ? 'none' : `${percentiles(answerMicros)} after the intended send time`,
    ],
    ['schedule', scheduleText(summary)],
    [
      'broker',
      `${formatCount(broker.requests)} requests, ${formatCount(broker.admitted)} frames admitted, ` +
        `${formatCount(broker.refused)} refused${transport === '' ? '' : ` (transport ${transport})`}`,
    ],
    [
      'total',
      `${formatCount(total.published)} published, ${formatCount(total.due)} deliveries due, ` +
        `${formatCount(total.delivered)} delivered, lost ${formatCount(total.lost)}`,
    ],
  ];
  return lines.map(([name, text]) => `${name.padEnd(11)}${text}`);
}

/** Every request by its outcome. */
function outcomesText({ requests, calls, retries }: Summary): string {
  const streams = calls.reduce((sum, { stream, replied }) => (stream ? sum + replied : sum), 0);
  const failed = Object.entries(requests.failed).map(([code, count]) => `${formatCount(count)} ${code}`);
  return [
    `${formatCount(requests.sent)} sent`,
    `${formatCount(requests.answered)} answered (${formatCount(streams)} streams ended)`,
    ...(failedCount(requests.failed) === 0 ? ['0 failed'] : failed),
    `${formatCount(requests.open)} open`,
    ...(retries === 0 ? [] : [`${formatCount(retries)} made again`]),
  ].join(', ');
}

/** How well the gateway kept to the intended send times. */
function scheduleText({ latenessMicros: late, waits }: Summary): string {
  if (late === undefined) return 'nothing sent';
  return `late by ${percentiles(late)}; the broker's window was full ${formatCount(waits)} times`;
}

function percentiles(latency: Latency): string {
  const [p50, p99, , max] = latencyCells(latency);
  return `p50 ${p50}, p99 ${p99}, max ${max} ms`;
}

function verdict({ ok, problems }: Summary, style: Style): string[] {
  if (ok) return [style.green('ok: every request and every frame is accounted for, lost 0')];
  return [style.red('FAILED'), ...problems.map((problem) => `  ${problem}`)];
}
