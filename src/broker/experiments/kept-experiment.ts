import type { BucketTable } from '../../routing/experiments/bucket-table.js';
import type { Experiment } from '../../routing/experiments/experiment.js';

/** An experiment as a broker has it. Plain data. */
export interface KeptExperiment {
  /** Rises with every change of any experiment; 0 of one that a rollout drives. */
  readonly revision: number;
  readonly experiment: Experiment;
  /** Which buckets are whose: after changes of weights that does not follow from the weights alone. */
  readonly table: BucketTable;
}

/** All of them, and the revision of the last change. */
export interface KeptExperiments {
  readonly revision: number;
  readonly experiments: readonly KeptExperiment[];
}
