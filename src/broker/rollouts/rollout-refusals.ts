import { ModwireError } from '../../errors.js';
import { ROLLOUT_LIMITS } from '../../routing/rollouts/rollout-limits.js';
import { isFinished, type RolloutState } from '../../routing/rollouts/rollout-state.js';

/** Why nothing comes of what an operator wants. */

export function notFound(name: string): ModwireError {
  return new ModwireError('NOT_FOUND', {
    what: 'no such rollout',
    expected: 'the name of a rollout of this broker',
    got: JSON.stringify(name),
  });
}

export function nameInUse(name: string): ModwireError {
  return new ModwireError('ALREADY_EXISTS', {
    what: 'there is a rollout of this name',
    expected: 'another name for each rollout',
    got: name,
    advice: 'delete the other one, once it has ended, or take another name',
  });
}

export function tooMany(): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'too many rollouts',
    expected: `at most ${ROLLOUT_LIMITS.maxRollouts}`,
    got: 'one more',
    advice: 'delete some that have ended',
  });
}

/** Somebody else decides where requests on some of its subjects go. */
export function subjectInUse(subject: string, { plan, ...state }: RolloutState): ModwireError {
  const hasEnded = isFinished({ plan, ...state });
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'another rollout has some of these subjects',
    expected: 'subjects that no other one has',
    got: `rollout ${plan.name} with ${plan.subject}, which ${hasEnded ? 'is in force still' : 'goes on'}`,
    where: `subject ${subject}`,
    advice: hasEnded ? 'delete it first' : 'wait for its end, or roll it back',
  });
}

export function goesOn(name: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'the rollout has not ended',
    expected: 'one that is completed or rolled back',
    got: name,
    advice: 'wait for its end, or roll it back first',
  });
}
