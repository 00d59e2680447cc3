import { type CallAccount, failedCount, type StageAccount } from './accounts.js';
import { REPORT_MS } from './commands.js';
import type { Counts } from './counts.js';
import type { Figures } from './figures.js';
import type { RunResult } from './pipeline.js';
import { FEEDBACK, GATEWAY, type ProcessName } from './stages.js';

/** What is wrong with a run that has ended, in words, most telling first. */
export function problemsOf(counts: Counts, result: RunResult): string[] {
  const { failure, dead } = result;
  // Of a process that ended early the last figures are not known, and others cannot be held against them.
  const complete = dead.length === 0;
  return [
    ...(failure === undefined ? [] : [failure.message]),
    ...dead.map(
      (name) => `${name}: its figures are the last that it gave, up to ${REPORT_MS} ms before its end`,
    ),
    ...counts.calls.flatMap((call) => problemsOfCall(call, counts.retries, complete)),
    ...counts.stages.flatMap((stage) => problemsOfStage(stage, complete)),
    ...problemsOfRequests(counts, result),
    ...problemsOfBroker(counts, complete),
    ...problemsOfProcesses(result),
  ];
}

function problemsOfCall(account: CallAccount, retries: number, complete: boolean): string[] {
  const { call, requests, handled, replied, failed, open, sent, replies } = account;
  const problems: string[] = [];
  if (open > 0) problems.push(`${call}: ${open} of ${requests} requests without an outcome`);
  if (!complete) return problems;
  if (handled < replied || handled > requests + retries) {
    problems.push(`${call}: ${requests} requests made, ${handled} handled, ${replied} replied to`);
  }
  // What a worker says to a caller who has given up is for nobody.
  if (replies > sent || (replies < sent && failedCount(failed) === 0)) {
    problems.push(`${call}: ${sent} replies sent, ${replies} received`);
  }
  return problems;
}

function problemsOfStage(
  { stage, published, delivered, lost, gaps }: StageAccount,
  complete: boolean,
): string[] {
  if (lost > 0) {
    const known = Math.min(lost, gaps);
    return [`${stage}: ${lost} of ${published} frames lost, ${known} of them reported as gaps`];
  }
  if (delivered > published && complete) {
    return [`${stage}: ${published} frames published, ${delivered} delivered`];
  }
  return gaps > 0 ? [`${stage}: ${gaps} frames reported as gaps, yet all delivered`] : [];
}

function problemsOfRequests({ requests, causes }: Counts, { figures }: RunResult): string[] {
  const problems: string[] = [];
  const missing = figures[GATEWAY]?.requests?.missing.join(', ');
  const { sent, open, predicted, fedBack, unexpected } = requests;
  if (open > 0) problems.push(`${open} of ${sent} requests without an outcome, the first: ${missing}`);
  if (fedBack < predicted) {
    problems.push(
      `${predicted - fedBack} of ${predicted} predictions without feedback, the first: ${missing}`,
    );
  }
  if (unexpected > 0) problems.push(`${unexpected} times an outcome or feedback to no open request`);
  if (causes.broken > 0) {
    const first = figures[FEEDBACK]?.join?.firstBroken;
    problems.push(`${causes.broken} predictions that do not fit their features, the first: ${first}`);
  }
  // Features of a request that then failed remain without a prediction.
  if (causes.waiting > failedCount(requests.failed)) {
    problems.push(`${causes.waiting} features and predictions without their other half`);
  }
  return problems;
}

function problemsOfBroker({ broker, calls, retries, total }: Counts, complete: boolean): string[] {
  const problems: string[] = [];
  if ((broker.admitted !== total.published && complete) || broker.refused > 0) {
    problems.push(
      `broker: ${broker.admitted} of ${total.published} frames admitted, ${broker.refused} refused`,
    );
  }
  const made = calls.reduce((sum, { requests }) => sum + requests, 0) + retries;
  if (broker.requests !== made && complete) {
    problems.push(`broker: ${made} requests made, ${broker.requests} counted there`);
  }
  if (broker.open > 0 && complete) problems.push(`broker: ${broker.open} requests without an end`);
  return problems;
}

function problemsOfProcesses({ figures }: RunResult): string[] {
  const all = Object.entries(figures) as Array<[ProcessName, Figures]>;
  return all.flatMap(([name, { problems }]) => problems.map((problem) => `${name}: ${problem}`));
}
