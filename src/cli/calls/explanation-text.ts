import type {
  CallExplanation,
  ExplainedAttempt,
  ExplainedContract,
  ExplainedExperiment,
  ExplainedWorker,
} from '../../routing/calls/call-explanation.js';
import { printable } from '../output/printable.js';
import type { Style } from '../output/style.js';
import { textTable } from '../output/text-table.js';

/** Why a request went where it went, as lines for people. */
export function explanationText(explanation: CallExplanation, style: Style): string[] {
  const { subject, contract, versions, group, experiment, attempts, outcome, tookMs } = explanation;
  const asked = [
    versions === null ? 'any version' : `version ${versions}`,
    ...(group === null ? [] : [groupText(group)]),
  ];
  return [
    `${style.bold(printable(subject))} ${printable(outcome)} after ${msText(tookMs)}`,
    `  contract: ${contract === null ? 'none' : printable(contractText(contract))}`,
    `  experiment: ${experiment === null ? 'none' : printable(experimentText(experiment))}`,
    `  may go to: ${printable(asked.join(', '))}`,
    ...attempts.flatMap((attempt, index) => attemptText(attempt, index + 1, style)),
  ];
}

function contractText({ name, version, verified }: ExplainedContract): string {
  const named = version === null ? `${name}, none of its versions` : `${name}@${version}`;
  return verified === 'refused' ? `${named}: refused` : `${named}, verified by the ${WHERE[verified]}`;
}

const WHERE = { broker: 'event loop', pool: 'worker pool' } as const;

function experimentText({ name, key, bucket, variant, reason }: ExplainedExperiment): string {
  const why = {
    bucket: `bucket ${bucket} of its key`,
    default: 'it has no key',
    kept: 'it says so itself',
    fallback: 'nobody serves the variant that would be its own',
  }[reason];
  return `${name}, variant ${variant}: ${why} (${key})`;
}

function attemptText(attempt: ExplainedAttempt, number: number, style: Style): string[] {
  const { worker, policy, waitedMs, ahead, ranMs, outcome, candidates, unnamed } = attempt;
  const whom = worker === null ? 'no worker' : `${workerText(worker)} by ${policy}`;
  const waited = ahead === null ? '' : `, waited ${msText(waitedMs)} behind ${ahead}`;
  const ran = ranMs === null ? '' : ` after ${msText(ranMs)}`;
  const rows = candidates.map((one) => [one.name, one.version || '-', one.group || '-', one.why]);
  return [
    `  attempt ${number}: ${printable(whom)}${waited}: ${printable(outcome)}${ran}`,
    ...(rows.length === 0 ? [] : textTable([['worker', 'version', 'group', 'why'], ...rows], style)),
    ...(unnamed === 0 ? [] : [`  and ${unnamed} others`]),
  ];
}

function workerText({ name, version, group }: ExplainedWorker): string {
  return [name, ...(version === '' ? [] : [version]), ...(group === '' ? [] : [groupText(group)])].join(', ');
}

function groupText(group: string): string {
  return group === '' ? 'the group without a name' : `group ${group}`;
}

function msText(ms: number): string {
  return `${ms.toFixed(1)} ms`;
}
