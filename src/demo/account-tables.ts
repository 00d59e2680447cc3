import { type CallAccount, failedCount, type StageAccount } from './accounts.js';
import { formatCount, formatMegabytes, formatTable, LATENCY_HEADS, latencyCells } from './table.js';

const CALL_HEADS = ['call', 'requests', 'handled', 'replied', 'failed', 'open', 'replies', 'calls/s'];
const STAGE_HEADS = ['stage', 'published', 'delivered', 'lost', 'gaps', 'frames/s', 'MB/s'];
const LIVE_CALL_HEADS = ['call', 'calls/s', 'replies/s', 'requests', 'under way', 'failed'];
const LIVE_STAGE_HEADS = ['stage', 'frames/s', 'MB/s', 'published', 'under way', 'gaps'];

export const LATENCY_CAPTION =
  'latency in milliseconds: of a call from its request to its last reply, of a stage from the intended send time';

/** What happened in the last moments, a second. */
export interface Rates {
  /** Calls that ended, or frames that were delivered. */
  readonly ended: number;
  /** Replies that came, or bytes that were delivered. */
  readonly amount: number;
}

/** The calls as a table; the first line is its head. */
export function callTable(calls: readonly CallAccount[], width: number): string[] {
  const rows = calls.map((account) => [
    account.call,
    formatCount(account.requests),
    formatCount(account.handled),
    formatCount(account.replied),
    formatCount(failedCount(account.failed)),
    formatCount(account.open),
    formatCount(account.replies),
    formatCount(account.requestsPerSecond),
    ...latencyCells(account.latencyMicros),
  ]);
  return formatTable([[...CALL_HEADS, ...LATENCY_HEADS], ...rows], width);
}

/** The stages as a table; the first line is its head. */
export function stageTable(stages: readonly StageAccount[], width: number): string[] {
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
  return formatTable([[...STAGE_HEADS, ...LATENCY_HEADS], ...rows], width);
}

/** The same while they are made. */
export function liveCallTable(
  calls: readonly CallAccount[],
  rates: readonly Rates[],
  width: number,
): string[] {
  const rows = calls.map((account, index) => [
    account.call,
    formatCount(rates[index]!.ended),
    formatCount(rates[index]!.amount),
    formatCount(account.requests),
    formatCount(account.open),
    formatCount(failedCount(account.failed)),
    ...latencyCells(account.latencyMicros),
  ]);
  return formatTable([[...LIVE_CALL_HEADS, ...LATENCY_HEADS], ...rows], width);
}

/** The same while frames are published. */
export function liveStageTable(
  stages: readonly StageAccount[],
  rates: readonly Rates[],
  width: number,
): string[] {
  const rows = stages.map((stage, index) => [
    stage.stage,
    formatCount(rates[index]!.ended),
    formatMegabytes(rates[index]!.amount),
    formatCount(stage.published),
    formatCount(stage.lost),
    formatCount(stage.gaps),
    ...latencyCells(stage.latencyMicros),
  ]);
  return formatTable([[...LIVE_STAGE_HEADS, ...LATENCY_HEADS], ...rows], width);
}
