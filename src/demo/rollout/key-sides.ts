import { encodeUtf8 } from '../../codec/utf8.js';
import { bucketTable } from '../../routing/experiments/bucket-table.js';
import { CompiledExperiment } from '../../routing/experiments/compiled-experiment.js';
import type { Experiment } from '../../routing/experiments/experiment.js';
import type { Side } from './scene.js';

/**
 * To which version keys belong, worked out from nothing but the rollout's experiment and a weight: of two variants the table
 * depends on the weights alone.
 */
export class KeySides {
  readonly #experiment: Experiment;
  readonly #compiled = new Map<number, CompiledExperiment>();

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
  }

  /** `weight` is the candidate's, in percent. */
  sideOf(key: string, weight: number): Side {
    return this.#of(weight).assign(encodeUtf8(key)).variant === 0 ? 'stable' : 'candidate';
  }

  #of(weight: number): CompiledExperiment {
    let compiled = this.#compiled.get(weight);
    if (compiled === undefined) {
      const variants = [
        { name: 'stable', weight: 100 - weight },
        { name: 'candidate', weight },
      ];
      const experiment = { ...this.#experiment, variants, default: 'stable' };
      compiled = new CompiledExperiment(experiment, bucketTable(variants));
      this.#compiled.set(weight, compiled);
    }
    return compiled;
  }
}
