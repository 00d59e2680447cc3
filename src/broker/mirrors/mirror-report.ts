import type { ReplyComparison } from '../../mirroring/difference.js';
import { DifferenceReport, type DifferenceReportJson } from '../../mirroring/difference-report.js';

/** Why a request of which a copy was to be made was not copied. */
export type SkipReason =
  /** It had to wait for a worker itself. */
  | 'waiting'
  /** The event loop was late, or had spent its share on copies. */
  | 'busy'
  /** It ended before it could be copied, or nobody waited for it any more. */
  | 'ended'
  /** Nobody of the mirror's variant takes requests. */
  | 'no-worker'
  /** None of them had room, or others waited for them. */
  | 'full'
  /** Too much was kept for comparisons, or the request or its reply is too large. */
  | 'memory';

/** Why a request and its copy were not compared. */
export type UncomparedReason =
  /** Nobody waited for the request any more. */
  | 'cancelled'
  /** The worker of the copy rejected it. */
  | 'rejected'
  /** The replies were too large to be kept. */
  | 'large'
  /** The comparison itself failed, or the worker pool had no room for it. */
  | 'failed';

/** As HTTP and the command line tell it. */
export interface MirrorReportJson {
  /** Name of the experiment, and of the variant that gets copies. */
  readonly experiment: string;
  readonly variant: string;
  /** Since when it counts: ISO 8601. */
  readonly since: string;
  /** Copies handed to a worker. */
  readonly mirrored: number;
  /** Copies that were not made, by why. */
  readonly skipped: Readonly<Partial<Record<SkipReason, number>>>;
  /** Copies without a comparison, by why. */
  readonly uncompared: Readonly<Partial<Record<UncomparedReason, number>>>;
  /** Requests whose copy or comparison is yet to come. */
  readonly pending: number;
  readonly differences: DifferenceReportJson;
}

/** What came of the copies that one variant of an experiment got. */
export class MirrorReport {
  readonly experiment: string;
  readonly variant: string;
  /** What the variant is: copies for something else begin another report. */
  readonly target: string;
  readonly #since = new Date();
  readonly #differences = new DifferenceReport();
  readonly #skipped = new Map<SkipReason, number>();
  readonly #uncompared = new Map<UncomparedReason, number>();
  #mirrored = 0;
  #pending = 0;

  constructor(experiment: string, variant: string, target: string) {
    this.experiment = experiment;
    this.variant = variant;
    this.target = target;
  }

  /** A request is to be copied. */
  begun(): void {
    this.#pending++;
  }

  mirrored(): void {
    this.#mirrored++;
  }

  /** There is no copy of one that was to have one after all. */
  dropped(reason: SkipReason): void {
    this.#pending--;
    this.skipped(reason);
  }

  skipped(reason: SkipReason): void {
    this.#skipped.set(reason, (this.#skipped.get(reason) ?? 0) + 1);
  }

  uncompared(reason: UncomparedReason): void {
    this.#pending--;
    this.#uncompared.set(reason, (this.#uncompared.get(reason) ?? 0) + 1);
  }

  /** `request`: id of the request, as a UUID. */
  compared(request: string, comparison: ReplyComparison): void {
    this.#pending--;
    this.#differences.add(request, comparison);
  }

  toJSON(): MirrorReportJson {
    return {
      ...{ experiment: this.experiment, variant: this.variant, since: this.#since.toISOString() },
      mirrored: this.#mirrored,
      skipped: Object.fromEntries(this.#skipped),
      uncompared: Object.fromEntries(this.#uncompared),
      pending: this.#pending,
      differences: this.#differences.toJSON(),
    };
  }
}
