import { WorkerPolicy } from '../../codec/generated/modwire/control/worker-policy.js';

/** How the broker chooses among the workers of a group. */
export type WorkerPolicyName =
  /** Who has the fewest requests for its concurrency. */
  | 'least-outstanding'
  | 'round-robin'
  /** Requests of one key go to one worker, for as long as it is there. */
  | 'consistent-hash';

/** Every policy as people write it, with its number on the wire; the first is the default. */
export const POLICY_NUMBERS: Readonly<Record<WorkerPolicyName, WorkerPolicy>> = {
  'least-outstanding': WorkerPolicy.least_outstanding,
  'round-robin': WorkerPolicy.round_robin,
  'consistent-hash': WorkerPolicy.consistent_hash,
};

export const POLICY_NAMES = /* @__PURE__ */ Object.keys(POLICY_NUMBERS) as WorkerPolicyName[];

/** How people write a policy; undefined for a number that this version does not know. */
export function policyName(number: number): WorkerPolicyName | undefined {
  return POLICY_NAMES.find((name) => POLICY_NUMBERS[name] === number);
}
