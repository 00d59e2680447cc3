import type { EndedRequest, HeardEvent } from './commands.js';

/** A time in which the weights of a rollout were the same. Times are of the wall clock, in milliseconds. */
export interface Span {
  /** `before`, `step-1` and so on, `completed`, `rolled-back`. */
  readonly name: string;
  /** Of the candidate. Percent. */
  readonly weight: number;
  /** From when on its weights may be in force; those before may be, too, until `surelyFrom`. */
  readonly from: number;
  readonly surelyFrom: number;
  /** Until when they surely are in force; those after surely are from the next one's `surelyFrom` on. */
  readonly surelyTo: number;
}

export interface Course {
  /** When the first request was made, and when none was any more. */
  readonly startedAt: number;
  readonly stoppedAt: number;
  /** When all workers of the candidate took requests; until then others do in their place. */
  readonly candidateReadyAt: number;
  readonly heard: readonly HeardEvent[];
}

/**
 * A broker decides when a step begins, then writes it down, puts it in force, and tells: what happens between the first and
 * the last belongs to neither step for certain.
 */
export function spansOf({ startedAt, stoppedAt, candidateReadyAt, heard }: Course): Span[] {
  const starts = [
    { name: 'before', weight: 0, from: startedAt, surelyFrom: startedAt - 1 },
    ...heard.map(({ event, heardAt }) => ({
      ...{ name: event.to as string, weight: event.weight, from: event.atMs },
      surelyFrom: event.by === 'start' ? Math.max(heardAt, candidateReadyAt) : heardAt,
    })),
  ];
  return starts.map((start, index) => ({
    ...start,
    surelyTo: starts[index + 1]?.from ?? Math.max(stoppedAt, start.surelyFrom) + 1,
  }));
}

/** The span in which a request was begun and ended; undefined when it cannot be told. */
export function spanOf(spans: readonly Span[], { begunAt, endedAt }: EndedRequest): Span | undefined {
  const last = spans.at(-1);
  return spans.find(
    (span) =>
      span.surelyFrom < begunAt && (endedAt < span.surelyTo || (span === last && begunAt < span.surelyTo)),
  );
}

/** The largest weight that may have been in force during a request. */
export function weightDuring(spans: readonly Span[], { begunAt, endedAt }: EndedRequest): number {
  const weights = spans
    .filter(({ from }, index) => from <= endedAt && (spans[index + 1]?.surelyFrom ?? endedAt) >= begunAt)
    .map(({ weight }) => weight);
  return Math.max(0, ...weights);
}
