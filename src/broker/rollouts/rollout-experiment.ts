import type { Experiment } from '../../routing/experiments/experiment.js';
import type { RolloutState, RolloutWeights } from '../../routing/rollouts/rollout-state.js';
import { weightsOf } from '../../routing/rollouts/transitions.js';
import type { KeptRollout } from './rollout-file.js';
import type { WeightSink } from './weight-sink.js';

/** Names of the variants of the experiment that a rollout drives. */
export const STABLE = 'stable';
export const CANDIDATE = 'candidate';

/**
 * The experiment by which a rollout divides requests: of the rollout's name, which is its salt too. Its table follows from the
 * weights alone, as that of any two variants does, so that nothing has to be kept of it. Once the rollout has ended only one
 * variant is left: nobody gets to the other version any more, whatever a request says that was assigned earlier.
 */
export function experimentOf({ plan, status }: RolloutState, weights: RolloutWeights): Experiment {
  const { name, subject } = plan;
  const stable = { name: STABLE, version: plan.stable, weight: weights.stable };
  const candidate = { name: CANDIDATE, version: plan.candidate, weight: weights.candidate };
  const variants =
    status === 'completed' ? [candidate] : status === 'rolled-back' ? [stable] : [stable, candidate];
  return {
    ...{ name, subject, variants },
    // Whoever sends no keys has his requests divided all the same, each by itself.
    assign: { key: 'key-or-id', salt: name },
    default: variants[0]!.name,
  };
}

/** Divides requests as they were before the broker was stopped. Throws FAILED_PRECONDITION when others have their subjects. */
export function putInForce(rollouts: readonly KeptRollout[], sink: WeightSink): void {
  for (const { state, inForce } of rollouts) {
    if (inForce) sink.apply(experimentOf(state, weightsOf(state)));
  }
}
