import type { CompatibilityLevel } from '../contracts/compatibility-level.js';
import { ModwireError } from '../errors.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import { ChangeQueue } from './change-queue.js';
import type { ContractChange } from './contract-change.js';
import type * as records from './contract-records.js';
import { ContractState } from './contract-state.js';
import { Registrations } from './registrations.js';
import { RegistrySchemas } from './registry-schemas.js';
import { RegistryStore } from './registry-store.js';
import { checkContractName, checkLevel, checkPattern, checkRoom, checkUse } from './request-checks.js';
import { checkRestored } from './version-check.js';
import * as references from './version-references.js';

export interface RegistryOptions {
  /** Created when it is missing; without, contracts are kept in memory only. */
  readonly directory?: string;
  readonly work: HeavyWork;
  readonly limits: records.RegistryLimits;
  /** Schemas compiled at once at the start; 1 unless given. */
  readonly concurrency?: number;
  /** The journal is compacted when it has more records that no longer count than this, and than others; 1,000 unless given. */
  readonly maxDeadRecords?: number;
}

/**
 * Contracts, their versions and what subjects are bound to them. What changes them happens one after another, and is on
 * disk when it is acknowledged. Every method that changes something rejects with RESOURCE_EXHAUSTED when the disk is
 * full or too much waits, FAILED_PRECONDITION when the disk may not be written, UNAVAILABLE when it fails; nothing has
 * changed then.
 */
export class Registry {
  readonly limits: records.RegistryLimits;
  readonly #store: RegistryStore | undefined;
  readonly #state: ContractState;
  readonly #schemas: RegistrySchemas;
  readonly #registrations: Registrations;
  readonly #queue = new ChangeQueue('contracts');
  readonly #listeners = new Set<() => void>();
  #closed: Promise<void> | undefined;

  private constructor(
    { work, limits }: RegistryOptions,
    store: RegistryStore | undefined,
    state: ContractState,
    schemas: RegistrySchemas,
  ) {
    this.limits = limits;
    this.#store = store;
    this.#state = state;
    this.#schemas = schemas;
    this.#registrations = new Registrations({
      ...{ work, limits, state, schemas },
      saveSchema: async (id, bfbs) => store?.saveSchema(id, bfbs),
      commit: (change, done) => this.#commit(change, done),
    });
  }

  /** Throws FAILED_PRECONDITION when another process has the directory, when it is damaged, or may not be written. */
  static async open(options: RegistryOptions): Promise<Registry> {
    const { directory, work, concurrency = 1 } = options;
    const state = new ContractState();
    const schemas = new RegistrySchemas(work);
    if (directory === undefined) return new Registry(options, undefined, state, schemas);
    const { store, changes } = await RegistryStore.open(directory, options.maxDeadRecords);
    try {
      for (const { change, damaged } of changes) {
        try {
          state.apply(change);
        } catch (thrown) {
          damaged((thrown as Error).message);
        }
      }
      await schemas.load(state, store, concurrency);
    } catch (thrown) {
      await store.close();
      throw thrown;
    }
    return new Registry(options, store, state, schemas);
  }

  /**
   * Makes a schema a version of its contract, which is created with its first. A schema that the contract has already
   * is that version. Rejects with INCOMPATIBLE_SCHEMA (an IncompatibleSchemaError), INVALID_ARGUMENT and UNIMPLEMENTED
   * for what is no schema or not supported, NOT_FOUND for a reference, RESOURCE_EXHAUSTED at a limit,
   * FAILED_PRECONDITION when the version that has this schema is deleted.
   */
  async register(request: records.RegisterRequest): Promise<records.Registration> {
    const own = this.#registrations.prepare(request);
    const identical = this.#registrations.identical(own);
    return identical ?? this.#queue.run(own.bfbs.length, () => this.#registrations.register(own));
  }

  /** What registering would find, without doing it: the same errors, but for those of limits and INCOMPATIBLE_SCHEMA. */
  async check(request: records.RegisterRequest): Promise<records.CheckResult> {
    const own = this.#registrations.prepare(request);
    const identical = this.#registrations.identical(own);
    return identical?.check ?? this.#queue.run(own.bfbs.length, () => this.#registrations.check(own));
  }

  /** From now on; versions that are there stay. Rejects with NOT_FOUND. */
  async setLevel(contract: string, level: CompatibilityLevel): Promise<records.ContractInfo> {
    checkLevel(level);
    return this.#queue.run(0, async () => {
      if (this.#contract(contract).level !== level) await this.#commit({ change: 'level', contract, level });
      return this.#contract(contract);
    });
  }

  /** Rejects with NOT_FOUND, and ALREADY_EXISTS when the pattern is bound to another contract and is not to be replaced. */
  async bind({ pattern, use, contract, replace = false }: records.BindRequest): Promise<records.Binding> {
    checkPattern(pattern);
    checkUse(use);
    return this.#queue.run(0, async () => {
      this.#contract(contract);
      const before = this.#state.binding(pattern, use);
      if (before?.contract === contract) return before;
      if (before !== undefined && !replace) throw boundElsewhere(before);
      if (before === undefined) {
        checkRoom('bindings', 'maxBindings', this.#state.bindingCount, this.limits.maxBindings);
      }
      const binding = { pattern, use, contract };
      await this.#commit({ change: 'bound', binding });
      return binding;
    });
  }

  /** Resolves with what was bound. Rejects with NOT_FOUND. */
  async unbind(pattern: string, use: records.FrameUse): Promise<records.Binding> {
    checkUse(use);
    return this.#queue.run(0, async () => {
      const before = this.#state.binding(pattern, use);
      if (before === undefined) {
        throw new ModwireError('NOT_FOUND', {
          what: 'no such binding',
          expected: `a pattern that is bound for use ${use}`,
          got: JSON.stringify(String(pattern).slice(0, 255)),
        });
      }
      await this.#commit({ change: 'unbound', pattern, use });
      return before;
    });
  }

  /** Frames of it are refused from now on. Rejects with NOT_FOUND, FAILED_PRECONDITION while others refer to it. */
  async deleteVersion(contract: string, version: number): Promise<records.ContractVersion> {
    return this.#queue.run(0, async () => {
      const found = references.findVersion(this.#state, { contract, version });
      if (found.deleted) return found;
      references.checkNotReferenced(this.#state, found);
      await this.#commit({ change: 'deleted', contract, version });
      return references.findVersion(this.#state, found);
    });
  }

  /** Rejects with NOT_FOUND, FAILED_PRECONDITION when what it refers to is deleted, INCOMPATIBLE_SCHEMA. */
  async restoreVersion(contract: string, version: number): Promise<records.ContractVersion> {
    return this.#queue.run(0, async () => {
      const found = references.findVersion(this.#state, { contract, version });
      if (!found.deleted) return found;
      references.checkReferencesRemain(this.#state, found);
      checkRestored(this.#contract(contract), found);
      await this.#commit({ change: 'restored', contract, version });
      return references.findVersion(this.#state, found);
    });
  }

  contracts(): records.ContractInfo[] {
    return this.#state.contracts();
  }

  contract(name: string): records.ContractInfo | undefined {
    return this.#state.contract(name);
  }

  bindings(): records.Binding[] {
    return this.#state.bindings();
  }

  schema(schemaId: string): records.RegisteredSchema | undefined {
    const content = this.#schemas.get(schemaId);
    return content && { ...content, versions: this.#state.versionsOf(schemaId) };
  }

  /** Of the bindings that select a subject, the most specific: token by token from the left, a word before `*` before `>`. */
  bindingOf(subject: string, use: records.FrameUse): records.Binding | undefined {
    return this.#state.bindingOf(subject, use);
  }

  /** The version of a contract that has a schema and is not deleted. */
  acceptedVersion(contract: string, schemaId: string): records.ContractVersion | undefined {
    const found = this.#state.versionWith(contract, schemaId);
    return found?.deleted ? undefined : found;
  }

  /** Whether a reader that only knows the schema `reader` reads data of the schema `writer`. Ids in hex. */
  reads(reader: string, writer: string): boolean {
    if (reader === writer) return true;
    return this.#state.versionsOf(writer).some(({ contract, readBy }) => {
      const version = this.#state.versionWith(contract, reader)?.version;
      return version !== undefined && readBy.includes(version);
    });
  }

  /** Calls `listener`, which must not throw, after every change of contracts, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Rejects with FAILED_PRECONDITION when the directory, if there is one, is no longer this process's to write to. */
  async checkOwned(): Promise<void> {
    await this.#store?.checkOwned();
  }

  /** Takes no more changes; resolves when those asked for are done, and the directory is free for others. */
  close(): Promise<void> {
    this.#closed ??= this.#queue.close().then(() => this.#store?.close());
    return this.#closed;
  }

  /** Throws NOT_FOUND. */
  #contract(name: string): records.ContractInfo {
    checkContractName(name);
    const info = this.#state.contract(name);
    if (info !== undefined) return info;
    throw new ModwireError('NOT_FOUND', {
      what: 'no such contract',
      expected: 'the name of a registered contract',
      got: name,
    });
  }

  /** On disk, then in memory, then told. */
  async #commit(change: ContractChange, done?: () => void): Promise<void> {
    await this.#store?.append(change);
    done?.();
    this.#state.apply(change);
    for (const listener of this.#listeners) listener();
    if (this.#store?.needsCompaction(this.#state.changeCount)) this.#compact(this.#store);
  }

  /** In its turn, but nobody waits for it. */
  #compact(store: RegistryStore): void {
    const task = async () => {
      if (store.needsCompaction(this.#state.changeCount)) await store.compact(this.#state.changes());
    };
    this.#queue.run(0, task).catch(() => undefined);
  }
}

function boundElsewhere({ pattern, use, contract }: records.Binding): ModwireError {
  return new ModwireError('ALREADY_EXISTS', {
    what: `the pattern is bound to ${contract}`,
    got: pattern,
    where: `use ${use}`,
    advice: 'replace that binding, or remove it first',
  });
}
