import { LATENCY_CAPTION, liveCallTable, liveStageTable, type Rates } from './account-tables.js';
import { accountCalls, accountStages, failedCount } from './accounts.js';
import type { Snapshot } from './pipeline.js';
import { RedrawnLines } from './redrawn-lines.js';
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
  readonly #lines: RedrawnLines;
  #samples: Sample[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream, title: string, durationSeconds: number) {
    this.#stream = stream;
    this.#title = title;
    this.#durationSeconds = durationSeconds;
    this.#lines = new RedrawnLines(stream);
  }

  start(snapshot: () => Snapshot): void {
    if (!this.#lines.canDraw) return;
    this.#draw(snapshot());
    this.#timer = setInterval(() => this.#draw(snapshot()), DRAW_MS);
  }

  /** Wipes it out. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#lines.wipe();
  }

  #draw(snapshot: Snapshot): void {
    const { bold, dim } = styleOf(this.#stream, process.env);
    const [calls, stages] = this.#tables(snapshot, this.#lines.width);
    const table = ([head, ...rows]: readonly string[]) => [
      { text: head!, paint: dim },
      ...rows.map((text) => ({ text })),
    ];
    this.#lines.draw([
      { text: `${this.#title}: ${this.#progress(snapshot)}`, paint: bold },
      ...table(calls),
      ...table(stages),
      { text: LATENCY_CAPTION, paint: dim },
    ]);
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
