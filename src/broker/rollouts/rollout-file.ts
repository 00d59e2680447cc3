import { elementsOf, membersOf } from '../../routing/json-members.js';
import { readRolloutState } from '../../routing/rollouts/read-rollout-state.js';
import type { RolloutState } from '../../routing/rollouts/rollout-state.js';
import { StateFile, unknownFormat } from '../state-file.js';

const FORMAT = 1;

/** A rollout as it is kept. */
export interface KeptRollout {
  readonly state: RolloutState;
  /** Whether it decides where requests go: one that has ended does until another one begins with its subjects. */
  readonly inForce: boolean;
}

/** All rollouts of a broker in one file, which is there as a whole or as it was before. Without a directory it keeps nothing. */
export class RolloutFile {
  readonly #file: StateFile;
  /** Most states are the same as the last time. */
  readonly #texts = new WeakMap<RolloutState, string>();

  /** `directory` is there already, and `checkOwned` rejects when it is no longer this process that may write there. */
  constructor(directory: string, checkOwned: () => Promise<void>) {
    this.#file = new StateFile({ directory, kind: 'rollouts', anew: 'start rollouts anew', checkOwned });
  }

  /** In the order in which they were written. Throws FAILED_PRECONDITION for a file that is not what was written. */
  async read(): Promise<KeptRollout[]> {
    return (await this.#file.read(keptOf)) ?? [];
  }

  /** Resolves once they are on disk. Rejects with RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNAVAILABLE. */
  async write(rollouts: readonly KeptRollout[]): Promise<void> {
    await this.#file.write(() => {
      const entries = rollouts.map(
        ({ state, inForce }) => `{"inForce":${inForce},"state":${this.#textOf(state)}}`,
      );
      return `{"format":${FORMAT},"rollouts":[\n${entries.join(',\n')}\n]}\n`;
    });
  }

  #textOf(state: RolloutState): string {
    const known = this.#texts.get(state);
    if (known !== undefined) return known;
    const text = JSON.stringify(state);
    this.#texts.set(state, text);
    return text;
  }
}

function keptOf(value: unknown): KeptRollout[] {
  const { format, rollouts } = membersOf({ value, where: '' }, ['format', 'rollouts']);
  if (format.value !== FORMAT) throw unknownFormat(FORMAT, JSON.stringify(format.value));
  return elementsOf(rollouts).map((place) => {
    const { inForce, state } = membersOf(place, ['inForce', 'state']);
    return { state: readRolloutState(state.value), inForce: inForce.value === true };
  });
}
