import type { Experiment } from '../../routing/experiments/experiment.js';
import { isFinished, type RolloutState, type RolloutWeights } from '../../routing/rollouts/rollout-state.js';
import { weightsOf } from '../../routing/rollouts/transitions.js';
import { experimentOf } from './rollout-experiment.js';
import type { KeptRollout } from './rollout-file.js';
import { RolloutMeter } from './rollout-meter.js';

/** A rollout of this broker. */
export class KnownRollout {
  state: RolloutState;
  /** Shares of requests that are in force. */
  weights: RolloutWeights;
  /** Whether it decides where requests go. */
  inForce: boolean;
  /** Its next step is on its way to the disk. */
  isMoving = false;
  readonly meter: RolloutMeter;

  constructor(state: RolloutState, inForce: boolean) {
    this.state = state;
    this.weights = weightsOf(state);
    this.inForce = inForce;
    this.meter = new RolloutMeter(state.plan);
    if (!isFinished(state)) this.meter.begin();
  }

  get name(): string {
    return this.state.plan.name;
  }

  /** By which its requests are divided. */
  get experiment(): Experiment {
    return experimentOf(this.state, this.weights);
  }

  /** As it is kept, or is to be. */
  kept({ state, inForce }: Partial<KeptRollout> = this): KeptRollout {
    return { state: state ?? this.state, inForce: inForce ?? this.inForce };
  }

  /** Whether another state says more than that time has passed without counting. */
  differs({ history, heldMs, risingTo, judged, totals }: RolloutState): boolean {
    const mine = this.state;
    return (
      // Whatever else changes is an event.
      history !== mine.history ||
      heldMs !== mine.heldMs ||
      risingTo !== mine.risingTo ||
      judged.requests !== mine.judged.requests ||
      judged.failed !== mine.judged.failed ||
      totals.requests !== mine.totals.requests
    );
  }

  /** Takes a new state. True when its experiment is another one from now on. */
  adopt(state: RolloutState, weights: RolloutWeights): boolean {
    const before = this.weights.candidate;
    const hadEnded = isFinished(this.state);
    this.state = state;
    this.weights = weights;
    return weights.candidate !== before || isFinished(state) !== hadEnded;
  }
}
