import { formatUuid } from '../../codec/message-id.js';
import { type ErrorCode, ModwireError } from '../../errors.js';
import type { ReplyComparison } from '../../mirroring/difference.js';
import { DifferenceReport, type DifferenceReportJson } from '../../mirroring/difference-report.js';
import { Latencies, type LatencySummary, latencyText } from '../calls/latencies.js';
import { differenceLines } from '../experiments/report-text.js';
import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';
import type { RecordedCall } from './recorded-calls.js';
import { type OffsetRange, rangesText } from './stream-place.js';

type Failures = Readonly<Partial<Record<ErrorCode, number>>>;

/** What came of recorded requests that were made again; `--json` prints it. */
export interface CounterfactualReportJson {
  readonly stream: string;
  /** Range of the versions that were asked. */
  readonly against: string;
  /** Recorded requests that were made again, and have ended. */
  readonly requests: number;
  /** Recorded requests that were not made again, by why. */
  readonly skipped: Readonly<Record<'unanswered' | 'copies', number>>;
  /** Requests that were made again and not compared: their answer was too large. */
  readonly uncompared: number;
  /** Requests that ended with an error, by its code. */
  readonly failed: { readonly recorded: Failures; readonly again: Failures };
  /** Until the end of the answer: at the broker then, and for this caller now. Null without requests. */
  readonly latencyMs: { readonly recorded: LatencySummary | null; readonly again: LatencySummary | null };
  /** Offsets that the stream has no more or that are damaged. */
  readonly lost: readonly OffsetRange[];
  /** Every request before this offset is done with. */
  readonly nextOffset: number;
  readonly differences: DifferenceReportJson;
}

/** How a request ended that was made again. */
export interface MadeAgain {
  readonly error: ErrorCode | undefined;
  readonly tookMs: number;
  /** Undefined when its answer was too large. */
  readonly comparison: ReplyComparison | undefined;
}

/** Counts what came of recorded requests that were made again. */
export class CounterfactualReport {
  readonly #differences = new DifferenceReport();
  readonly #latencies = { recorded: new Latencies(), again: new Latencies() };
  readonly #failed = { recorded: new Map<ErrorCode, number>(), again: new Map<ErrorCode, number>() };
  #requests = 0;
  #uncompared = 0;

  get requests(): number {
    return this.#requests;
  }

  ended({ request, error, tookMs }: RecordedCall, again: MadeAgain): void {
    this.#requests++;
    this.#latencies.recorded.record(tookMs);
    this.#latencies.again.record(again.tookMs);
    raise(this.#failed.recorded, error);
    raise(this.#failed.again, again.error);
    if (again.comparison === undefined) this.#uncompared++;
    else this.#differences.add(formatUuid(request.id), again.comparison);
  }

  /** With what is known of the replay as a whole. */
  toJSON(
    replay: Pick<CounterfactualReportJson, 'stream' | 'against' | 'skipped' | 'lost' | 'nextOffset'>,
  ): CounterfactualReportJson {
    const { stream, against, skipped, lost, nextOffset } = replay;
    const { recorded, again } = this.#failed;
    return {
      ...{ stream, against, requests: this.#requests, skipped, uncompared: this.#uncompared },
      failed: { recorded: Object.fromEntries(recorded), again: Object.fromEntries(again) },
      latencyMs: { recorded: this.#latencies.recorded.summary, again: this.#latencies.again.summary },
      ...{ lost, nextOffset, differences: this.#differences.toJSON() },
    };
  }
}

/** The report as lines for people. */
export function counterfactualText(report: CounterfactualReportJson, style: Style): string[] {
  const { stream, against, requests, skipped, uncompared, failed, latencyMs, lost, differences } = report;
  const { unanswered, copies } = skipped;
  return [
    `${style.bold(printable(stream))} made again with ${printable(against)}`,
    `  ${differences.requests} compared, ${differences.differing} with differences; ${requests} made again`,
    ...(unanswered > 0 ? [`  not made again: ${unanswered} whose end is not recorded`] : []),
    ...(copies > 0 ? [`  not made again: ${copies} that are copies themselves`] : []),
    ...(uncompared > 0 ? [`  not compared: ${uncompared} with large answers`] : []),
    ...(lost.length > 0 ? [`  lost: offsets ${rangesText(lost)}`] : []),
    ...Object.entries(failed).flatMap(([when, codes]) => failureLine(when, codes, style)),
    ...Object.entries(latencyMs).flatMap(([when, one]) =>
      one === null ? [] : [`  ${when}  ${latencyText(one)}`],
    ),
    ...(differences.requests > 0 ? differenceLines(differences, style) : []),
  ];
}

/** Throws FAILED_PRECONDITION where anything differs, NOT_FOUND where there was nothing to compare. */
export function checkSame({ against, stream, differences, skipped }: CounterfactualReportJson): void {
  const { requests, differing } = differences;
  if (differing > 0) {
    throw new ModwireError('FAILED_PRECONDITION', {
      what: `${against} does not answer as recorded`,
      got: `differences in ${differing} of ${requests} requests`,
      where: `stream ${stream}`,
    });
  }
  if (requests > 0) return;
  throw new ModwireError('NOT_FOUND', {
    what: 'no recorded request was compared',
    expected: 'requests and the ends of their answers',
    got: `${skipped.unanswered} requests without an end`,
    where: `stream ${stream}`,
    advice: 'let the stream keep request and reply',
  });
}

function failureLine(when: string, codes: Failures, style: Style): string[] {
  const texts = Object.entries(codes).map(([code, count]) => `${count} ${style.red(code)}`);
  return texts.length === 0 ? [] : [`  failed ${when}: ${texts.join(', ')}`];
}

function raise(counts: Map<ErrorCode, number>, code: ErrorCode | undefined): void {
  if (code !== undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
}
