import { BindingTable } from './binding-table.js';
import type { ContractChange } from './contract-change.js';
import type { Binding, ContractInfo, ContractVersion, FrameUse } from './contract-records.js';

/** What a schema's file holds, and which versions it is. */
interface SchemaUse {
  readonly byteSize: number;
  /** CRC-32C. */
  readonly checksum: number;
  /** Contracts that have it, each with the number of its version. */
  readonly versions: ReadonlyMap<string, number>;
}

/** The contracts as all changes so far have made them. Records are replaced, never altered: whoever holds one may keep it. */
export class ContractState {
  readonly #contracts = new Map<string, ContractInfo>();
  readonly #schemas = new Map<string, SchemaUse>();
  readonly #bindings = new BindingTable();
  #deletedCount = 0;
  #versionCount = 0;

  get contractCount(): number {
    return this.#contracts.size;
  }

  get bindingCount(): number {
    return this.#bindings.size;
  }

  /** Changes that make the present state. */
  get changeCount(): number {
    return this.#versionCount + this.#deletedCount + this.#bindings.size;
  }

  contracts(): ContractInfo[] {
    return [...this.#contracts.values()];
  }

  contract(name: string): ContractInfo | undefined {
    return this.#contracts.get(name);
  }

  /** Versions that have a schema, of all contracts. */
  versionsOf(schemaId: string): ContractVersion[] {
    const versions = this.#schemas.get(schemaId)?.versions ?? [];
    return Array.from(versions, ([name, version]) => this.#contracts.get(name)!.versions[version - 1]!);
  }

  /** The version of a contract that has a schema. */
  versionWith(contract: string, schemaId: string): ContractVersion | undefined {
    const version = this.#schemas.get(schemaId)?.versions.get(contract);
    return version === undefined ? undefined : this.#contracts.get(contract)!.versions[version - 1]!;
  }

  /** Ids of all schemas, with what their files hold. */
  schemas(): ReadonlyMap<string, SchemaUse> {
    return this.#schemas;
  }

  binding(pattern: string, use: FrameUse): Binding | undefined {
    return this.#bindings.get(pattern, use);
  }

  bindings(): Binding[] {
    return [...this.#bindings.values()];
  }

  bindingOf(subject: string, use: FrameUse): Binding | undefined {
    return this.#bindings.of(subject, use);
  }

  /** Throws an Error, and changes nothing, for what cannot follow from the present state. */
  apply(change: ContractChange): void {
    switch (change.change) {
      case 'registered':
        this.#register(change);
        break;
      case 'level':
        this.#set({ ...this.#known(change.contract), level: change.level });
        break;
      case 'deleted':
      case 'restored':
        this.#mark(change.contract, change.version, change.change === 'deleted');
        break;
      case 'bound':
        this.#bind(change.binding);
        break;
      case 'unbound':
        this.#unbind(change.pattern, change.use);
        break;
    }
  }

  /** The shortest list of changes that makes this state. */
  *changes(): Generator<ContractChange> {
    for (const { name, level, versions } of this.#contracts.values()) {
      for (const version of versions) {
        yield {
          change: 'registered',
          ...(version.version === 1 && { level }),
          version: {
            ...version,
            deleted: false,
            reads: version.reads.filter((other) => other < version.version),
            readBy: version.readBy.filter((other) => other < version.version),
          },
          checksum: this.#schemas.get(version.schemaId)!.checksum,
        };
        if (version.deleted) yield { change: 'deleted', contract: name, version: version.version };
      }
    }
    for (const binding of this.#bindings.values()) yield { change: 'bound', binding };
  }

  #register({ level, version, checksum }: Extract<ContractChange, { change: 'registered' }>): void {
    const { contract: name, version: number, schemaId, byteSize } = version;
    const before = this.#contracts.get(name);
    const info = before ?? (level && { name, level, versions: [], bindings: [] });
    if (info === undefined) throw new Error(`a version of ${name}, which is no contract`);
    if (number !== info.versions.length + 1) throw new Error(`version ${number} of ${name} is out of turn`);
    const use = this.#schemas.get(schemaId) ?? { byteSize, checksum, versions: new Map() };
    if (use.byteSize !== byteSize || use.checksum !== checksum || use.versions.has(name)) {
      throw new Error(`version ${number} of ${name} has a schema that is another version's`);
    }
    const earlier = info.versions.map((old) => withReader(old, version));
    this.#set({ ...info, versions: [...earlier, version] });
    this.#schemas.set(schemaId, { ...use, versions: new Map(use.versions).set(name, number) });
    this.#versionCount++;
  }

  #mark(name: string, number: number, deleted: boolean): void {
    const info = this.#known(name);
    const version = info.versions[number - 1];
    if (version === undefined || version.deleted === deleted) {
      throw new Error(`version ${number} of ${name} cannot be ${deleted ? 'deleted' : 'restored'}`);
    }
    this.#set({ ...info, versions: info.versions.with(number - 1, { ...version, deleted }) });
    this.#deletedCount += deleted ? 1 : -1;
  }

  #bind(binding: Binding): void {
    const info = this.#known(binding.contract);
    if (this.#bindings.get(binding.pattern, binding.use) !== undefined) {
      this.#unbind(binding.pattern, binding.use);
    }
    this.#bindings.set(binding);
    const current = this.#contracts.get(info.name)!;
    this.#set({ ...current, bindings: [...current.bindings, binding] });
  }

  #unbind(pattern: string, use: FrameUse): void {
    const binding = this.#bindings.delete(pattern, use);
    if (binding === undefined) throw new Error(`nothing is bound to ${pattern} for each ${use}`);
    const info = this.#known(binding.contract);
    this.#set({ ...info, bindings: info.bindings.filter((other) => other !== binding) });
  }

  #known(name: string): ContractInfo {
    const info = this.#contracts.get(name);
    if (info === undefined) throw new Error(`${name} is no contract`);
    return info;
  }

  #set(info: ContractInfo): void {
    this.#contracts.set(info.name, info);
  }
}

/** An earlier version, once a new one is there that reads it or is read by it. */
function withReader(old: ContractVersion, added: ContractVersion): ContractVersion {
  const isRead = added.reads.includes(old.version);
  const reads = added.readBy.includes(old.version);
  if (!isRead && !reads) return old;
  return {
    ...old,
    reads: reads ? [...old.reads, added.version] : old.reads,
    readBy: isRead ? [...old.readBy, added.version] : old.readBy,
  };
}
