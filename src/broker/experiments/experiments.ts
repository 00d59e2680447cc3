import { filtersOverlap } from '../../codec/subject.js';
import { ModwireError } from '../../errors.js';
import { emit } from '../../events.js';
import { ChangeQueue } from '../../registry/change-queue.js';
import type { Registry } from '../../registry/registry.js';
import { bucketTable, reweighted } from '../../routing/experiments/bucket-table.js';
import type { Experiment } from '../../routing/experiments/experiment.js';
import { checkMirrors } from '../../routing/experiments/mirror-cycles.js';
import { readExperiment } from '../../routing/experiments/read-experiment.js';
import { isMoreSpecific } from '../../routing/specificity.js';
import { TokenTrie } from '../../routing/token-trie.js';
import { ExperimentFile } from './experiment-file.js';
import type { KeptExperiment } from './kept-experiment.js';
import { checkKeyField } from './key-fields.js';
import { RunningExperiment } from './running-experiment.js';

export interface ExperimentsOptions {
  /** There already, and locked by the registry; empty: experiments end with the broker. */
  readonly directory: string;
  readonly registry: Registry;
  readonly limits: { readonly maxExperiments: number };
}

/**
 * The experiments of a broker: those that people have put there, which are on disk when that is acknowledged, and those that
 * rollouts drive, which keep them themselves. What changes the former happens one after another; it rejects with
 * RESOURCE_EXHAUSTED, FAILED_PRECONDITION or UNAVAILABLE when the disk does not take it, and nothing has changed then.
 */
export class Experiments {
  readonly #options: ExperimentsOptions;
  readonly #file: ExperimentFile;
  readonly #queue = new ChangeQueue('experiments');
  readonly #running = new Map<string, RunningExperiment>();
  /** Names of those that rollouts drive. */
  readonly #driven = new Set<string>();
  /** On its way to the disk. */
  #writing: Experiment | undefined;
  readonly #filters = new TokenTrie<RunningExperiment>();
  readonly #listeners = new Set<() => void>();
  #revision = 0;

  private constructor(options: ExperimentsOptions, file: ExperimentFile) {
    this.#options = options;
    this.#file = file;
  }

  /** Throws FAILED_PRECONDITION when the file is damaged or may not be read. */
  static async open(options: ExperimentsOptions): Promise<Experiments> {
    const { directory, registry } = options;
    const file = new ExperimentFile(directory, () => registry.checkOwned());
    const experiments = new Experiments(options, file);
    const { revision, experiments: kept } = await file.read();
    experiments.#revision = revision;
    for (const one of kept) experiments.#run(one);
    return experiments;
  }

  get isEmpty(): boolean {
    return this.#running.size === 0;
  }

  /** By their names. */
  list(): KeptExperiment[] {
    const all = [...this.#running.values()].map(({ kept }) => kept);
    return all.sort((a, b) => (a.experiment.name < b.experiment.name ? -1 : 1));
  }

  /** Throws NOT_FOUND. */
  get(name: string): KeptExperiment {
    return this.running(name).kept;
  }

  /** As requests are assigned by it. Throws NOT_FOUND. */
  running(name: string): RunningExperiment {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    throw new ModwireError('NOT_FOUND', {
      what: 'no such experiment',
      expected: 'the name of an experiment',
      got: name.slice(0, 80),
    });
  }

  /** Whether a rollout drives it. */
  isDriven(name: string): boolean {
    return this.#driven.has(name);
  }

  /** The experiment that the requests of a subject are assigned by: of several, the one with the most specific filter. */
  of(subject: string): RunningExperiment | undefined {
    let found: RunningExperiment | undefined;
    this.#filters.selecting(subject, (one) => {
      const { subject: filter } = one.kept.experiment;
      if (found === undefined || isMoreSpecific(filter, found.kept.experiment.subject)) found = one;
    });
    return found;
  }

  /**
   * Adds an experiment as JSON has it, or changes the one of its name: of another's weights only as many buckets move as
   * they ask for. Rejects with INVALID_ARGUMENT (one of EXPERIMENT_RULES), ALREADY_EXISTS when another has the same
   * filter, FAILED_PRECONDITION when a rollout has its name or some of its subjects, RESOURCE_EXHAUSTED at the limit.
   */
  async put(value: unknown): Promise<{ readonly kept: KeptExperiment; readonly isNew: boolean }> {
    const experiment = readExperiment(value);
    const text = JSON.stringify(experiment);
    return this.#queue.run(text.length, async () => {
      const before = this.#running.get(experiment.name)?.kept;
      if (before !== undefined && JSON.stringify(before.experiment) === text) {
        this.#checkNotDriven(experiment.name);
        return { kept: before, isNew: false };
      }
      this.#check(experiment, before === undefined);
      const { variants } = experiment;
      const table = before === undefined ? bucketTable(variants) : reweighted(before.table, variants);
      const kept = { revision: this.#revision + 1, experiment, table };
      this.#writing = experiment;
      await this.#write(kept.revision, [...this.#own(experiment.name), kept]).finally(() => {
        this.#writing = undefined;
      });
      this.#run(kept);
      this.#changed(experiment.name, kept.revision);
      return { kept, isNew: before === undefined };
    });
  }

  /** Resolves with what it was. Rejects with NOT_FOUND, FAILED_PRECONDITION when a rollout drives it. */
  async delete(name: string): Promise<KeptExperiment> {
    return this.#queue.run(0, async () => {
      const kept = this.get(name);
      this.#checkNotDriven(name);
      const revision = this.#revision + 1;
      await this.#write(revision, this.#own(name));
      this.#end(name);
      this.#changed(name, revision);
      return kept;
    });
  }

  /**
   * Has a rollout divide requests by an experiment of its own, which is not on disk; again with other weights. Throws
   * FAILED_PRECONDITION when another experiment has its name or some of its subjects.
   */
  apply(experiment: Experiment): void {
    const { name, variants } = experiment;
    const before = this.#driven.has(name) ? this.#running.get(name) : undefined;
    if (before === undefined && this.#all().some((other) => other.name === name)) {
      throw conflict(`an experiment of the name ${name}`);
    }
    for (const other of this.#all()) {
      if (other.name !== name && filtersOverlap(other.subject, experiment.subject)) {
        throw conflict(`experiment ${other.name} with subject ${other.subject}`);
      }
    }
    const table = before === undefined ? bucketTable(variants) : reweighted(before.kept.table, variants);
    this.#run({ revision: 0, experiment, table });
    this.#driven.add(name);
    this.#tellListeners();
  }

  /** A rollout divides requests no more. */
  withdraw(name: string): void {
    if (!this.#driven.delete(name)) return;
    this.#end(name);
    this.#tellListeners();
  }

  /** Calls `listener`, which must not throw, after every change. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Takes no more changes; resolves when those asked for are done. */
  close(): Promise<void> {
    return this.#queue.close();
  }

  /** Throws what refuses an experiment that is one by itself. */
  #check(experiment: Experiment, isNew: boolean): void {
    const { name, subject } = experiment;
    const { limits, registry } = this.#options;
    this.#checkNotDriven(name);
    const others = this.#all().filter((other) => other.name !== name);
    for (const other of others) {
      if (this.#driven.has(other.name) && filtersOverlap(other.subject, subject)) {
        throw conflict(`rollout ${other.name} with subject ${other.subject}`);
      }
      if (other.subject === subject) throw sameFilter(other);
    }
    if (isNew && others.length - this.#driven.size >= limits.maxExperiments) {
      throw new ModwireError('RESOURCE_EXHAUSTED', {
        what: 'too many experiments',
        expected: `at most maxExperiments = ${limits.maxExperiments}`,
        got: 'one more',
      });
    }
    checkKeyField(experiment, registry);
    checkMirrors([...others, experiment]);
  }

  #all(): Experiment[] {
    const all = [...this.#running.values()].map(({ kept }) => kept.experiment);
    if (this.#writing !== undefined) all.push(this.#writing);
    return all;
  }

  #checkNotDriven(name: string): void {
    if (this.#driven.has(name)) throw conflict(`rollout ${name}, which drives it`);
  }

  /** Those on disk but for one. */
  #own(without: string): KeptExperiment[] {
    const own = [...this.#running.values()].filter(({ name }) => name !== without && !this.#driven.has(name));
    return own.map(({ kept }) => kept);
  }

  async #write(revision: number, experiments: readonly KeptExperiment[]): Promise<void> {
    await this.#file.write({ revision, experiments });
    this.#revision = revision;
  }

  #run(kept: KeptExperiment): void {
    const { name, subject } = kept.experiment;
    this.#end(name);
    const running = new RunningExperiment(kept);
    this.#running.set(name, running);
    this.#filters.add(subject, running);
  }

  #end(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined) return;
    this.#running.delete(name);
    this.#filters.delete(running.kept.experiment.subject, running);
  }

  #changed(experiment: string, revision: number): void {
    emit('modwire:experiment', () => ({ experiment, revision, running: this.#running.has(experiment) }));
    this.#tellListeners();
  }

  #tellListeners(): void {
    for (const listener of this.#listeners) listener();
  }
}

function sameFilter({ name, subject }: Experiment): ModwireError {
  return new ModwireError('ALREADY_EXISTS', {
    what: 'another experiment has the same subject',
    expected: 'a filter of its own: of a request only one experiment decides',
    got: `${subject}, which ${name} has`,
    where: 'subject',
    advice: `change ${name}, or delete it first`,
  });
}

function conflict(got: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'another decides where these requests go',
    expected: 'subjects and a name that no other experiment or rollout has',
    ...{ got, where: 'subject' },
    advice: 'end that one first',
  });
}
