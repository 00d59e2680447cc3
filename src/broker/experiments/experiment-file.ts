import { readBucketTable } from '../../routing/experiments/bucket-table.js';
import { experimentFault } from '../../routing/experiments/experiment-rules.js';
import { readExperiment } from '../../routing/experiments/read-experiment.js';
import { elementsOf, membersOf, numberOf, type Place, shown } from '../../routing/json-members.js';
import { StateFile, unknownFormat } from '../state-file.js';
import type { KeptExperiment, KeptExperiments } from './kept-experiment.js';

const FORMAT = 1;

/** All experiments of a broker in one file, which is there as a whole or as it was before. Without a directory it keeps nothing. */
export class ExperimentFile {
  readonly #file: StateFile;

  /** `directory` is there already, and `checkOwned` rejects when it is no longer this process that may write there. */
  constructor(directory: string, checkOwned: () => Promise<void>) {
    this.#file = new StateFile({ directory, kind: 'experiments', anew: 'begin anew', checkOwned });
  }

  /** Throws FAILED_PRECONDITION for a file that is not what was written. */
  async read(): Promise<KeptExperiments> {
    return (await this.#file.read(keptOf)) ?? { revision: 0, experiments: [] };
  }

  /** Resolves once they are on disk. Rejects with RESOURCE_EXHAUSTED, FAILED_PRECONDITION, UNAVAILABLE. */
  async write({ revision, experiments }: KeptExperiments): Promise<void> {
    await this.#file.write(() => {
      const entries = experiments.map((kept) => JSON.stringify(kept));
      return `{"format":${FORMAT},"revision":${revision},"experiments":[\n${entries.join(',\n')}\n]}\n`;
    });
  }
}

function keptOf(value: unknown): KeptExperiments {
  const members = membersOf({ value, where: '' }, ['format', 'revision', 'experiments']);
  if (members.format.value !== FORMAT) throw unknownFormat(FORMAT, shown(members.format.value));
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
