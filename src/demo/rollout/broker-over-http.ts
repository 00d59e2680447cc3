import type { KeptExperiment } from '../../broker/experiments/kept-experiment.js';
import type { RolloutDetails } from '../../broker/rollouts/rollout-info.js';
import { ModwireError } from '../../errors.js';
import type { CanaryPlan } from '../../routing/rollouts/rollout-plan.js';
import { ROLLOUT } from './scene.js';

/** Longest time for an answer. Milliseconds. */
const ANSWER_MS = 10_000;

/** What an operator asks of the broker. Rejects with INTERNAL when it is refused or fails: neither should happen here. */
export class BrokerOverHttp {
  readonly #base: string;

  /** `url` is that of clients. */
  constructor(url: string) {
    this.#base = `${url.replace(/^ws/, 'http')}/v1`;
  }

  start(plan: CanaryPlan): Promise<RolloutDetails> {
    return this.#ask('/rollouts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(plan),
    });
  }

  rollout(): Promise<RolloutDetails> {
    return this.#ask(`/rollouts/${ROLLOUT}`);
  }

  /** That the rollout drives. */
  experiment(): Promise<KeptExperiment> {
    return this.#ask(`/experiments/${ROLLOUT}`);
  }

  async #ask<Value>(path: string, asked: RequestInit = {}): Promise<Value> {
    const url = `${this.#base}${path}`;
    try {
      const answer = await fetch(url, { ...asked, signal: AbortSignal.timeout(ANSWER_MS) });
      if (!answer.ok) throw new Error(await answer.text());
      return (await answer.json()) as Value;
    } catch (thrown) {
      throw new ModwireError('INTERNAL', {
        what: 'the broker does not do what it is asked',
        got: thrown instanceof Error ? thrown.message : String(thrown),
        where: url,
        cause: thrown,
      });
    }
  }
}
