import { crc32c } from '../codec/crc32c.js';
import { toHex } from '../codec/message-id.js';
import { type CompatibilityLevel, DEFAULT_COMPATIBILITY_LEVEL } from '../contracts/compatibility-level.js';
import { ModwireError } from '../errors.js';
import type { HeavyWork } from '../workers/heavy-work.js';
import type { ContractChange } from './contract-change.js';
import type {
  CheckResult,
  ContractVersion,
  RegisterRequest,
  Registration,
  RegistryLimits,
} from './contract-records.js';
import type { ContractState } from './contract-state.js';
import type { RegistrySchemas, SchemaContent } from './registry-schemas.js';
import { checkRequest, checkRoom } from './request-checks.js';
import {
  type Comparisons,
  checkResult,
  compareWithAll,
  IncompatibleSchemaError,
  identicalCheck,
} from './version-check.js';
import { checkReferences, versionText } from './version-references.js';

export interface RegistrationsParts {
  readonly work: HeavyWork;
  readonly limits: RegistryLimits;
  readonly state: ContractState;
  readonly schemas: RegistrySchemas;
  /** Resolves once the file is on disk. */
  readonly saveSchema: (id: string, bfbs: Uint8Array) => Promise<void>;
  /** Resolves once the change is on disk and done; calls `done` in between. */
  readonly commit: (change: ContractChange, done: () => void) => Promise<void>;
}

const NOT_COMPARED: Comparisons = { reads: [], readBy: [], reports: new Map() };

/** How schemas become versions. Only one registration or check at a time. */
export class Registrations {
  readonly #parts: RegistrationsParts;

  constructor(parts: RegistrationsParts) {
    this.#parts = parts;
  }

  /** The request with bytes of its own: the caller's may change while it waits. Throws for what is wrong by itself. */
  prepare(request: RegisterRequest): RegisterRequest {
    checkRequest(request, this.#parts.limits.maxSchemaBytes);
    return { ...request, bfbs: request.bfbs.slice() };
  }

  /** The answer for bytes that the contract was registered with before: nothing needs to be waited for. */
  identical({ contract, bfbs, root, level }: RegisterRequest): Registration | undefined {
    const { schemas, state } = this.#parts;
    const id = schemas.idOf(bfbs, root);
    const version = id === undefined ? undefined : state.versionWith(contract, id);
    return version && this.#alreadyThere(version, level);
  }

  async check(request: RegisterRequest): Promise<CheckResult> {
    const candidate = await this.#parts.schemas.compile(request.bfbs, request.root);
    return (await this.#compare(request, candidate, request.level)).result;
  }

  async register(request: RegisterRequest): Promise<Registration> {
    const { schemas, state, saveSchema, commit } = this.#parts;
    const { contract } = request;
    const candidate = await schemas.compile(request.bfbs, request.root);
    const { bfbs, compiled } = candidate;
    const before = state.contract(contract);
    const { result, comparisons } = await this.#compare(request, candidate, before?.level ?? request.level);
    const { schemaId } = result;
    if (result.identicalTo !== undefined) {
      return { version: state.versionWith(contract, schemaId)!, isNew: false, check: result };
    }
    if (!result.compatible) throw new IncompatibleSchemaError(result);
    const version: ContractVersion = {
      ...{ contract, version: (before?.versions.length ?? 0) + 1 },
      ...{ schemaId, root: compiled.rootName, registeredAt: Date.now(), deleted: false },
      references: (request.references ?? []).map(({ contract, version }) => ({ contract, version })),
      ...{ fileIdentifier: compiled.schema.fileIdentifier, byteSize: bfbs.length },
      ...{ reads: comparisons.reads, readBy: comparisons.readBy },
    };
    this.#checkRoom(version);
    if (schemas.get(schemaId) === undefined) await saveSchema(schemaId, bfbs);
    const checksum = crc32c(bfbs, 0, bfbs.length);
    const level = before === undefined ? { level: result.level } : {};
    await commit({ change: 'registered', version, checksum, ...level }, () =>
      schemas.add(schemaId, candidate),
    );
    return { version, isNew: true, check: result };
  }

  /** `level`: what to hold it against, where that is not the contract's. */
  async #compare(
    { contract, references = [] }: RegisterRequest,
    { compiled }: SchemaContent,
    level: CompatibilityLevel | undefined,
  ): Promise<{ result: CheckResult; comparisons: Comparisons }> {
    const { state, schemas, work } = this.#parts;
    const schemaId = toHex(compiled.id);
    const identical = state.versionWith(contract, schemaId);
    if (identical !== undefined) {
      return { result: this.#alreadyThere(identical, level).check, comparisons: NOT_COMPARED };
    }
    const compiledOf = (id: string) => schemas.compiledOf(id);
    checkReferences(state, compiled.schema, references, (id) => compiledOf(id).schema);
    const info = state.contract(contract);
    const versions = info?.versions ?? [];
    const asked = level ?? info?.level ?? DEFAULT_COMPATIBILITY_LEVEL;
    const comparisons = await compareWithAll(work, versions, compiledOf, compiled);
    return { result: checkResult(contract, asked, schemaId, versions, comparisons), comparisons };
  }

  #alreadyThere(version: ContractVersion, level: CompatibilityLevel | undefined): Registration {
    if (version.deleted) {
      throw new ModwireError('FAILED_PRECONDITION', {
        what: `the schema is ${versionText(version)}, which is deleted`,
        advice: 'restore that version',
      });
    }
    const asked = level ?? this.#parts.state.contract(version.contract)!.level;
    return { version, isNew: false, check: identicalCheck(asked, version) };
  }

  #checkRoom({ contract, version }: ContractVersion): void {
    const { state, limits } = this.#parts;
    checkRoom(`versions of ${contract}`, 'maxVersions', version - 1, limits.maxVersions);
    if (version === 1) checkRoom('contracts', 'maxContracts', state.contractCount, limits.maxContracts);
  }
}
