import type { Experiment } from '../../routing/experiments/experiment.js';

/** Where rollouts have requests divided. */
export interface WeightSink {
  /**
   * Puts the experiment of a rollout in force, or changes it. Throws FAILED_PRECONDITION when somebody else's has its
   * name, or some of its subjects.
   */
  apply(experiment: Experiment): void;
  /** Takes it out, if it is there. */
  withdraw(name: string): void;
}
