import type { Snapshot } from './pipeline.js';
import { STAGES } from './stages.js';
import { styleOf } from './style.js';
import { accountStages } from './summary.js';
import {
  formatCount,
  formatMegabytes,
  formatTable,
  LATENCY_CAPTION,
  LATENCY_HEADS,
  latencyCells,
} from './table.js';

/** How often it is drawn. Milliseconds. */
const DRAW_MS = 250;
/** Over how much of the past rates are taken: long beside the time between two reports. Milliseconds. */
const RATE_MS = 2_000;

const HEADS = ['stage', 'frames/s', 'MB/s', 'published', 'under way', 'gaps', ...LATENCY_HEADS];

interface Sample {
  readonly at: number;
  /** By stage. */
  readonly frames: readonly number[];
  readonly bytes: readonly number[];
}

/** A table of live figures that is drawn over itself. Nothing at all where the stream is no terminal. */
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
    const table = this.#table(snapshot, width);
    const plain = [`${this.#title}: ${this.#progress(snapshot)}`, ...table, LATENCY_CAPTION];
    const [title, head, ...rows] = plain.map((line) => line.slice(0, width));
    const caption = rows.pop()!;
    // A view that does not fit could not be drawn over.
    const lines = [bold(title!), dim(head!), ...rows, dim(caption)].slice(0, Math.max(1, (height || 24) - 1));
    const text = lines.map((line) => `\u001b[2K${line}\n`).join('');
    this.#stream.write(`${this.#toTop()}${text}\u001b[J`);
    this.#drawnLines = lines.length;
  }

  #table(snapshot: Snapshot, width: number): string[] {
    const stages = accountStages(snapshot);
    const rates = this.#rates(snapshot);
    const rows = stages.map((stage, index) => [
      stage.stage,
      formatCount(rates[index]!.frames),
      formatMegabytes(rates[index]!.bytes),
      formatCount(stage.published),
      formatCount(stage.lost),
      formatCount(stage.gaps),
      ...latencyCells(stage.latencyMicros),
    ]);
    return formatTable([HEADS, ...rows], width);
  }

  #progress({ phase, seconds }: Snapshot): string {
    if (phase === 'starting') return 'starting';
    if (phase !== 'running') return 'waiting for what is under way';
    const past = Math.min(seconds, this.#durationSeconds).toFixed(1);
    return `${past} of ${this.#durationSeconds} s (Ctrl-C stops)`;
  }

  /** Frames and bytes delivered a second, by stage. */
  #rates(snapshot: Snapshot): Array<{ readonly frames: number; readonly bytes: number }> {
    const now = sampleOf(snapshot);
    this.#samples.push(now);
    while (this.#samples.length > 2 && now.at - this.#samples[1]!.at >= RATE_MS) this.#samples.shift();
    const before = this.#samples[0]!;
    const seconds = Math.max(DRAW_MS, now.at - before.at) / 1000;
    return now.frames.map((frames, index) => ({
      frames: (frames - before.frames[index]!) / seconds,
      bytes: (now.bytes[index]! - before.bytes[index]!) / seconds,
    }));
  }

  #toTop(): string {
    return this.#drawnLines === 0 ? '' : `\u001b[${this.#drawnLines}F`;
  }
}

function sampleOf({ figures }: Snapshot): Sample {
  const delivered = STAGES.map(({ consumer, name }) => figures[consumer]?.delivered[name]);
  return {
    at: performance.now(),
    frames: delivered.map((tally) => tally?.frames ?? 0),
    bytes: delivered.map((tally) => tally?.bytes ?? 0),
  };
}
