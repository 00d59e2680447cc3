import { RedrawnLines, type ViewLine } from '../redrawn-lines.js';
import { styleOf } from '../style.js';
import { formatCount, formatMillis, formatTable } from '../table.js';
import { sideOf } from './account.js';
import type { EndedRequest } from './commands.js';
import type { RolloutSnapshot } from './rollout-run.js';
import { type Side, STEPS, VERSIONS } from './scene.js';
import { eventText } from './summary-text.js';

/** How often it is drawn. Milliseconds. */
const DRAW_MS = 250;
/** Over how much of the past rates are taken. Milliseconds. */
const RATE_MS = 2_000;
const BAR_CELLS = 30;

/** Shows a rollout while it goes on: on a terminal live figures that are drawn over themselves, else a line for each step. */
export class RolloutProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #lines: RedrawnLines;
  #snapshot: (() => RolloutSnapshot) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #told = 0;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#lines = new RedrawnLines(stream);
  }

  start(snapshot: () => RolloutSnapshot): void {
    this.#snapshot = snapshot;
    this.#timer = setInterval(() => this.#show(snapshot()), DRAW_MS);
    this.#show(snapshot());
  }

  /** Wipes the figures out; lines stay. */
  stop(): void {
    clearInterval(this.#timer);
    if (this.#lines.canDraw) this.#lines.wipe();
    else if (this.#snapshot !== undefined) this.#tell(this.#snapshot());
  }

  #show(snapshot: RolloutSnapshot): void {
    if (!this.#lines.canDraw) {
      this.#tell(snapshot);
      return;
    }
    const { bold, dim } = styleOf(this.#stream, process.env);
    const [head, ...rows] = liveTable(snapshot, Date.now(), this.#lines.width);
    const last = snapshot.heard.at(-1);
    const lines: ViewLine[] = [
      { text: titleOf(snapshot), paint: bold },
      { text: head!, paint: dim },
      ...rows.map((text) => ({ text })),
      ...(last === undefined ? [] : [{ text: eventText(last.event), paint: dim }]),
    ];
    this.#lines.draw(lines);
  }

  #tell({ heard }: RolloutSnapshot): void {
    for (const { event } of heard.slice(this.#told)) this.#stream.write(`${eventText(event)}\n`);
    this.#told = heard.length;
  }
}

/** Where the run is. */
function titleOf({ phase, details }: RolloutSnapshot): string {
  const title = `${VERSIONS.stable} → ${VERSIONS.candidate}`;
  switch (phase) {
    case 'starting':
      return `${title}: starting`;
    case 'before':
      return `${title}: all is as it was`;
    case 'moving': {
      if (details === undefined || details.mayStop !== null) return `${title}: the old workers leave`;
      const waits = details.missing === null ? '' : `, waits for ${details.missing}`;
      return `${title}: ${details.stage} of ${STEPS.length}${waits} (Ctrl-C stops)`;
    }
    case 'after':
      return `${title}: ${details?.status}, the workers that nobody needs are gone`;
    case 'draining':
      return `${title}: waiting for what is under way`;
  }
}

/** A line for each version, with what happened to its requests lately; the first line is the head. */
export function liveTable({ details, ended }: RolloutSnapshot, now: number, width: number): string[] {
  const lately = latelyOf(ended, now);
  const rows = (['stable', 'candidate'] as const).map((side) => {
    const share = details === undefined ? (side === 'stable' ? 100 : 0) : details.weights[side];
    const cells = Math.round((share * BAR_CELLS) / 100);
    return [
      `${VERSIONS[side]}  ${'█'.repeat(cells)}${'░'.repeat(BAR_CELLS - cells)}`,
      `${share} %`,
      ...figuresOf(lately, side),
      details === undefined ? '-' : String(details[side].workers.workers),
    ];
  });
  return formatTable([['version', 'share', 'calls/s', 'errors', 'p99 ms', 'workers'], ...rows], width);
}

/** Requests that ended lately, newest first. */
function latelyOf(ended: readonly EndedRequest[], now: number): EndedRequest[] {
  const lately: EndedRequest[] = [];
  // They come in the order of their ends.
  for (let at = ended.length - 1; at >= 0 && ended[at]!.endedAt > now - RATE_MS; at--)
    lately.push(ended[at]!);
  return lately;
}

/** Requests a second, share of errors and p99. Only the new version fails here. */
function figuresOf(lately: readonly EndedRequest[], side: Side): string[] {
  const own = lately.filter((one) => (sideOf(one) ?? 'candidate') === side);
  const errors = own.filter(({ code }) => code !== undefined).length;
  const times = own.map(({ tookMs }) => tookMs).sort((one, other) => one - other);
  const p99 = times[Math.ceil(times.length * 0.99) - 1];
  return [
    formatCount((own.length * 1_000) / RATE_MS),
    own.length === 0 ? '-' : `${((100 * errors) / own.length).toFixed(1)} %`,
    p99 === undefined ? '-' : formatMillis(p99 * 1_000),
  ];
}
