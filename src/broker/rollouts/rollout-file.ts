import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeUtf8, encodeUtf8 } from '../../codec/utf8.js';
import { ModwireError, toModwireError } from '../../errors.js';
import { diskError } from '../../registry/disk-error.js';
import { writeDurably } from '../../registry/durable-files.js';
import { elementsOf, membersOf } from '../../routing/experiments/json-members.js';
import { readRolloutState } from '../../routing/rollouts/read-rollout-state.js';
import type { RolloutState } from '../../routing/rollouts/rollout-state.js';

const NAME = 'rollouts.json';
const FORMAT = 1;

/** A rollout as it is kept. */
export interface KeptRollout {
  readonly state: RolloutState;
  /** Whether it decides where requests go: one that has ended does until another one begins with its subjects. */
  readonly inForce: boolean;
}

/** All rollouts of a broker in one file, which is there as a whole or as it was before. Without a directory it keeps nothing. */
export class RolloutFile {
  readonly #path: string | undefined;
  readonly #checkOwned: () => Promise<void>;
  /** Most states are the same as the last time. */
  readonly #texts = new WeakMap<RolloutState, string>();

  /** `directory` is there already, and `checkOwned` rejects when it is no longer this process that may write there. */
  constructor(directory: string, checkOwned: () => Promise<void>) {
    this.#path = directory === '' ? undefined : join(directory, NAME);
    this.#checkOwned = checkOwned;
  }

  /** In the order in which they were written. Throws FAILED_PRECONDITION for a file that is not what was written. */
  async read(): Promise<KeptRollout[]> {
    const path = this.#path;
    if (path === undefined) return [];
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw diskError(thrown, 'the rollouts cannot be read', path);
    }
    try {
      return keptOf(JSON.parse(decodeUtf8(bytes, 0, bytes.length)));
    } catch (thrown) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: 'the rollouts are not what was written',
        got: thrown instanceof SyntaxError ? thrown.message : toModwireError(thrown).message,
        where: path,
        advice:
          'start the version of Modwire that wrote them, restore the file, or move it away and start rollouts anew',
        cause: thrown,
      });
    }
  }

  /** Resolves once they are on disk. Rejects with RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNAVAILABLE. */
  async write(rollouts: readonly KeptRollout[]): Promise<void> {
    if (this.#path === undefined) return;
    const entries = rollouts.map(
      ({ state, inForce }) => `{"inForce":${inForce},"state":${this.#textOf(state)}}`,
    );
    const text = `{"format":${FORMAT},"rollouts":[\n${entries.join(',\n')}\n]}\n`;
    await this.#checkOwned();
    try {
      await writeDurably(this.#path, encodeUtf8(text));
    } catch (thrown) {
      throw diskError(thrown, 'the rollouts cannot be written', this.#path);
    }
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
  if (format.value !== FORMAT) {
    throw new ModwireError('UNIMPLEMENTED', {
      what: 'a file in an unknown format',
      ...{ expected: String(FORMAT), got: JSON.stringify(format.value) },
    });
  }
  return elementsOf(rollouts).map((place) => {
    const { inForce, state } = membersOf(place, ['inForce', 'state']);
    return { state: readRolloutState(state.value), inForce: inForce.value === true };
  });
}
