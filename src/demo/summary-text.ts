import type { Style } from './style.js';
import type { StageAccount, Summary } from './summary.js';
import {
  formatCount,
  formatMegabytes,
  formatTable,
  LATENCY_CAPTION,
  LATENCY_HEADS,
  latencyCells,
} from './table.js';

const HEADS = ['stage', 'published', 'delivered', 'lost', 'gaps', 'frames/s', 'MB/s', ...LATENCY_HEADS];

/** The stages as a table; the first line is its head. */
function stageTable(stages: readonly StageAccount[], width: number): string[] {
  const rows = stages.map((stage) => [
    stage.stage,
    formatCount(stage.published),
    formatCount(stage.delivered),
    formatCount(stage.lost),
    formatCount(stage.gaps),
    formatCount(stage.framesPerSecond),
    formatMegabytes(stage.bytesPerSecond),
    ...latencyCells(stage.latencyMicros),
  ]);
  return formatTable([HEADS, ...rows], width);
}

/** The summary for people. `title` says what was sent; `width` is that of the terminal in columns. */
export function summaryText(summary: Summary, title: string, style: Style, width: number): string {
  const [head, ...rows] = stageTable(summary.stages, width);
  const painted = rows.map((row, index) => (summary.stages[index]!.lost > 0 ? style.red(row) : row));
  const stopped = summary.interrupted ? ', then stopped' : '';
  return [
    `${style.bold('modwire demo')}: ${summary.seconds.toFixed(1)} s of ${title}${stopped}`,
    '',
    style.dim(head!),
    ...painted,
    style.dim(LATENCY_CAPTION),
    '',
    ...accountLines(summary),
    '',
    ...verdict(summary, style),
  ].join('\n');
}

function accountLines(summary: Summary): string[] {
  const { requests, causes, broker, transport, total } = summary;
  const lines: Array<readonly [string, string]> = [
    [
      'requests',
      `${formatCount(requests.sent)} sent, ${formatCount(causes.joined)} predicted from their own features, ` +
        `${formatCount(requests.answered)} fed back`,
    ],
    ['schedule', scheduleText(summary)],
    [
      'broker',
      `${formatCount(broker.admitted)} frames admitted, ${formatCount(broker.refused)} refused` +
        `${transport === '' ? '' : ` (transport ${transport})`}`,
    ],
    [
      'total',
      `${formatCount(total.published)} published, ${formatCount(total.due)} deliveries due, ` +
        `${formatCount(total.delivered)} delivered, lost ${formatCount(total.lost)}`,
    ],
  ];
  return lines.map(([name, text]) => `${name.padEnd(10)}${text}`);
}

/** How well the gateway kept to the intended send times. */
function scheduleText({ latenessMicros: late, waits }: Summary): string {
  if (late === undefined) return 'nothing sent';
  const [p50, p99, , max] = latencyCells(late);
  return `late by p50 ${p50}, p99 ${p99}, max ${max} ms; waited for the broker ${formatCount(waits)} times`;
}

function verdict({ ok, problems }: Summary, style: Style): string[] {
  if (ok) return [style.green('ok: every frame is accounted for, lost 0')];
  return [style.red('FAILED'), ...problems.map((problem) => `  ${problem}`)];
}
