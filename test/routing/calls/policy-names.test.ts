import { describe, expect, it } from 'vitest';
import { WorkerPolicy } from '../../../src/codec/generated/modwire/control/worker-policy.js';
import { POLICY_NAMES, POLICY_NUMBERS, policyName } from '../../../src/routing/calls/policy-names.js';

describe('names of policies', () => {
  it('are those of the wire, with dashes, and none is left out', () => {
    const onTheWire = Object.values(WorkerPolicy).filter((name) => typeof name === 'string');
    expect(POLICY_NAMES).toEqual(onTheWire.map((name) => name.replaceAll('_', '-')));
  });

  it('lead to their numbers and back; another number has none', () => {
    expect(POLICY_NAMES.map((name) => policyName(POLICY_NUMBERS[name]))).toEqual(POLICY_NAMES);
    expect(policyName(POLICY_NAMES.length)).toBeUndefined();
  });
});
