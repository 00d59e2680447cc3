import { LATENCY_CAPTION, liveCallTable, liveStageTable, type Rates } from './account-tables.js';
import { accountCalls, accountStages, failedCount } from './accounts.js';
import type { Snapshot } from './pipeline.js';
import { STAGES } from './stages.js';
import { styleOf } from './style.js';

/** How often it is drawn. Milliseconds. */
const DRAW_MS = 250;
/** Over how much of the past rates are taken: long beside the time between two reports. Milliseconds. */
const RATE_MS = 2_000;

/** Sums at one moment; the rates are their differences. */
interface Sample {
  readonly at: number;
  readonly calls: readonly Rates[];
  readonly stages: readonly Rates[];
}

/** Tables of live figures that are drawn over themselves. Nothing at all where the stream is no terminal. */
export class LiveView {
  readonly #stream: NodeJS.WriteStream;
  readonly #title: string;
  readonly #durationSeconds: number;
  #samples: Sample[] = [];
  #drawnLines = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream, title: string, durationSeconds: number) {
    this.#stream = stream;
    this.#title = title;
    this.#durationSeconds = durationSeconds;
  }

  start(snapshot: () => Snapshot): void {
    if (!this.#stream.isTTY || process.env.TERM === 'dumb') return;
    this.#draw(snapshot());
    this.#timer = setInterval(() => this.#draw(snapshot()), DRAW_MS);
  }

  /** Wipes it out. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#stream.write(`${this.#toTop()}\u001b[J`);
    this.#drawnLines = 0;
  }

  #draw(snapshot: Snapshot): void {
    const { bold, dim } = styleOf(this.#stream, process.env);
    const { columns, rows: height } = this.#stream;
    const width = Math.max(1, (columns || 80) - 1);
    const [calls, stages] = this.#tables(snapshot, width);
    const cut = (line: string) => line.slice(0, width);
    const paint = ([head, ...rows]: readonly string[]) => [dim(cut(head!)), ...rows.map(cut)];
    const title = bold(cut(`${this.#title}: ${this.#progress(snapshot)}`));
    const all = [title, ...paint(calls), ...paint(stages), dim(cut(LATENCY_CAPTION))];
    // A view that does not fit could not be drawn over.
    const lines = all.slice(0, Math.max(1, (height || 24) - 1));
    const text = lines.map((line) => `\u001b[2K${line}\n`).join('');
    this.#stream.write(`${this.#toTop()}${text}\u001b[J`);
    this.#drawnLines = lines.length;
  }

  #tables(snapshot: Snapshot, width: number): [calls: string[], stages: string[]] {
    const rates = this.#rates(snapshot);
    return [
      liveCallTable(accountCalls(snapshot), rates.calls, width),
      liveStageTable(accountStages(snapshot), rates.stages, width),
    ];
  }

  #progress({ phase, seconds }: Snapshot): string {
    if (phase === 'starting') return 'starting';
    if (phase !== 'running') return 'waiting for what is under way';
    const past = Math.min(seconds, this.#durationSeconds).toFixed(1);
    return `${past} of ${this.#durationSeconds} s (Ctrl-C stops)`;
  }

  #rates(snapshot: Snapshot): Omit<Sample, 'at'> {
    const now = sampleOf(snapshot);
    this.#samples.push(now);
    while (this.#samples.length > 2 && now.at - this.#samples[1]!.at >= RATE_MS) this.#samples.shift();
    const before = this.#samples[0]!;
    const seconds = Math.max(DRAW_MS, now.at - before.at) / 1000;
    const rates = (later: readonly Rates[], earlier: readonly Rates[]) =>
      later.map(({ ended, amount }, index) => ({
        ended: (ended - earlier[index]!.ended) / seconds,
        amount: (amount - earlier[index]!.amount) / seconds,
      }));
    return { calls: rates(now.calls, before.calls), stages: rates(now.stages, before.stages) };
  }

  #toTop(): string {
    return this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}F`;
  }
}

function sampleOf(snapshot: Snapshot): Sample {
  const { figures } = snapshot;
  return {
    at: performance.now(),
    calls: accountCalls(snapshot).map(({ replied, failed, replies }) => ({
      ended: replied + failedCount(failed),
      amount: replies,
    })),
    stages: STAGES.map(({ consumer, name }) => {
      const { frames = 0, bytes = 0 } = figures[consumer]?.delivered[name] ?? {};
      return { ended: frames, amount: bytes };
    }),
  };
}
