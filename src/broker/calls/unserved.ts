import { schemaIdOf } from '../../codec/schema-ids.js';
import { ModwireError } from '../../errors.js';
import { compareVersions } from '../../routing/version-range.js';
import { noResponders } from './call-refusals.js';
import { type Eligibility, isEligible } from './eligibility.js';
import type { BrokerCall, BrokerWorker, WorkerGroup } from './worker-group.js';

/** What an error names of each. */
const MAX_NAMED = 8;

/** Why nobody in the groups that serve the subject of a request may have it. */
export function nobodyFor(call: BrokerCall, groups: readonly WorkerGroup[]): ModwireError {
  const { subject, eligibility } = call;
  const workers = groups.flatMap((group) => [...group.workers]);
  if (workers.length === 0) return noResponders(subject);
  if (eligibility === undefined) return nobodyReads(call, workers);
  const eligible = workers.filter((worker) => isEligible(worker, eligibility));
  return eligible.length === 0 ? nobodyInRange(subject, eligibility, workers) : nobodyReads(call, eligible);
}

function nobodyInRange(
  subject: string,
  { range, group }: Eligibility,
  workers: readonly BrokerWorker[],
): ModwireError {
  const ofGroup = group === undefined ? '' : ` of group ${JSON.stringify(group)}`;
  const inRange = range === undefined ? '' : ` with a version in ${range.text}`;
  const versions = [...new Set(workers.map(({ version }) => version))].sort(compareVersions);
  return new ModwireError('NO_RESPONDERS', {
    what: 'nobody who serves this subject is in the range',
    expected: `a worker${ofGroup}${inRange}`,
    got: firstOf(versions.map((version) => (version === '' ? 'workers without a version' : version))),
    where: `subject ${subject}`,
    advice: 'ask for another range, or start a worker that is in it',
  });
}

function nobodyReads({ subject, frame }: BrokerCall, workers: readonly BrokerWorker[]): ModwireError {
  const read = [...new Set(workers.flatMap(({ reads }) => reads))].sort();
  return new ModwireError('CONTRACT_VIOLATION', {
    what: 'nobody who serves this subject can read its schema',
    expected: `a schema that can be read by ${firstOf(read)}`,
    got: frame.has('schemaId') ? schemaIdOf(frame) : 'no schema id',
    where: `subject ${subject}`,
    advice: 'encode it with a version of the contract that workers read, or upgrade them first',
  });
}

function firstOf(texts: readonly string[]): string {
  const rest = texts.length - MAX_NAMED;
  return texts.slice(0, MAX_NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
