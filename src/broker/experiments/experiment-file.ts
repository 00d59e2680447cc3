import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeUtf8, encodeUtf8 } from '../../codec/utf8.js';
import { ModwireError, toModwireError } from '../../errors.js';
import { diskError } from '../../registry/disk-error.js';
import { writeDurably } from '../../registry/durable-files.js';
import { readBucketTable } from '../../routing/experiments/bucket-table.js';
import { experimentFault } from '../../routing/experiments/experiment-rules.js';
import {
  elementsOf,
  membersOf,
  numberOf,
  type Place,
  shown,
} from '../../routing/experiments/json-members.js';
import { readExperiment } from '../../routing/experiments/read-experiment.js';
import type { KeptExperiment, KeptExperiments } from './kept-experiment.js';

const NAME = 'experiments.json';
const FORMAT = 1;

/** All experiments of a broker in one file, which is there as a whole or as it was before. Without a directory it keeps nothing. */
export class ExperimentFile {
  readonly #path: string | undefined;
  readonly #checkOwned: () => Promise<void>;

  /** `directory` is there already, and `checkOwned` rejects when it is no longer this process that may write there. */
  constructor(directory: string, checkOwned: () => Promise<void>) {
    this.#path = directory === '' ? undefined : join(directory, NAME);
    this.#checkOwned = checkOwned;
  }

  /** Throws FAILED_PRECONDITION for a file that is not what was written. */
  async read(): Promise<KeptExperiments> {
    const path = this.#path;
    if (path === undefined) return { revision: 0, experiments: [] };
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { revision: 0, experiments: [] };
      throw diskError(thrown, 'the experiments cannot be read', path);
    }
    try {
      return keptOf(JSON.parse(decodeUtf8(bytes, 0, bytes.length)));
    } catch (thrown) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: 'the experiments are not what was written',
        got: toModwireError(thrown).message,
        where: path,
        advice:
          'start the version of Modwire that wrote them, restore the file, or move it away and begin anew',
        cause: thrown,
      });
    }
  }

  /** Resolves once they are on disk. Rejects with RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNAVAILABLE. */
  async write({ revision, experiments }: KeptExperiments): Promise<void> {
    if (this.#path === undefined) return;
    const entries = experiments.map((kept) => JSON.stringify(kept));
    const text = `{"format":${FORMAT},"revision":${revision},"experiments":[\n${entries.join(',\n')}\n]}\n`;
    await this.#checkOwned();
    try {
      await writeDurably(this.#path, encodeUtf8(text));
    } catch (thrown) {
      throw diskError(thrown, 'the experiments cannot be written', this.#path);
    }
  }
}

function keptOf(value: unknown): KeptExperiments {
  const members = membersOf({ value, where: '' }, ['format', 'revision', 'experiments']);
  if (members.format.value !== FORMAT) {
    throw new ModwireError('UNIMPLEMENTED', {
      what: 'a file in an unknown format',
      ...{ expected: String(FORMAT), got: shown(members.format.value) },
    });
  }
  return { revision: revisionOf(members.revision), experiments: elementsOf(members.experiments).map(oneOf) };
}

function oneOf(place: Place): KeptExperiment {
  const members = membersOf(place, ['revision', 'experiment', 'table']);
  const experiment = readExperiment(members.experiment.value, members.experiment.where);
  const table = readBucketTable(members.table.value, experiment.variants, members.table.where);
  return { revision: revisionOf(members.revision), experiment, table };
}

function revisionOf(place: Place): number {
  const revision = numberOf(place);
  if (Number.isSafeInteger(revision) && revision >= 0) return revision;
  throw experimentFault('value-type', place.where, {
    ...{ expected: 'a whole number', got: String(revision) },
  });
}
