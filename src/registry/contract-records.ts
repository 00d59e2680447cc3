import type { CompatibilityReport } from '../contracts/compatibility.js';
import type { CompatibilityLevel } from '../contracts/compatibility-level.js';
import type { CompiledSchema } from '../contracts/compile-schema.js';
import type { Finding } from '../contracts/finding.js';
import type { Limits } from '../limits.js';

/** What a binding is for: what is published, what is asked, what is answered. */
export const FRAME_USES = ['message', 'request', 'reply'] as const;

export type FrameUse = (typeof FRAME_USES)[number];

export interface VersionReference {
  readonly contract: string;
  readonly version: number;
}

/** A schema that a contract has had. */
export interface ContractVersion {
  readonly contract: string;
  /** From 1 on; never given again. */
  readonly version: number;
  /** 32 hexadecimal digits, in lower case. */
  readonly schemaId: string;
  /** Full name of the root table. */
  readonly root: string;
  /** Unix time. Milliseconds. */
  readonly registeredAt: number;
  readonly deleted: boolean;
  readonly references: readonly VersionReference[];
  /** Four characters, or empty. */
  readonly fileIdentifier: string;
  /** Of the `.bfbs`. */
  readonly byteSize: number;
  /** Versions whose data this one reads, ascending; deleted ones too, itself not. */
  readonly reads: readonly number[];
  /** Versions that read the data of this one, ascending; deleted ones too, itself not. */
  readonly readBy: readonly number[];
}

export interface ContractInfo {
  readonly name: string;
  readonly level: CompatibilityLevel;
  /** Ascending; deleted ones too. */
  readonly versions: readonly ContractVersion[];
  readonly bindings: readonly Binding[];
}

/** Frames of one use on subjects that the pattern selects keep the contract. */
export interface Binding {
  /** A filter: tokens may be `*` and the last may be `>`. */
  readonly pattern: string;
  readonly use: FrameUse;
  readonly contract: string;
}

export interface BindRequest extends Binding {
  /** Whether another contract's binding of the same pattern and use gives way. */
  readonly replace?: boolean;
}

export interface RegisterRequest {
  readonly contract: string;
  readonly bfbs: Uint8Array;
  /** Full name of the root table; without, the one that the schema declares. */
  readonly root?: string | undefined;
  /** Versions that types are shared with. */
  readonly references?: readonly VersionReference[] | undefined;
  /** `register`: of a contract that is new, else ignored. `check`: what to hold the schema against instead. */
  readonly level?: CompatibilityLevel | undefined;
}

export interface CheckResult {
  readonly contract: string;
  readonly level: CompatibilityLevel;
  readonly compatible: boolean;
  readonly schemaId: string;
  /** The version that has this schema already; nothing is compared then. */
  readonly identicalTo: number | undefined;
  /** The versions that the level asks about. */
  readonly against: readonly {
    readonly version: number;
    readonly report: CompatibilityReport;
    /** What the level forbids. */
    readonly violations: readonly Finding[];
  }[];
  /** Of all versions of the contract: those that read the data of this one. */
  readonly readBy: readonly number[];
}

export interface Registration {
  readonly version: ContractVersion;
  /** False: the contract had this schema already. */
  readonly isNew: boolean;
  readonly check: CheckResult;
}

/** A schema with the versions that it is, of whichever contracts. */
export interface RegisteredSchema {
  readonly bfbs: Uint8Array;
  readonly compiled: CompiledSchema;
  readonly versions: readonly ContractVersion[];
}

export type RegistryLimits = Pick<Limits, 'maxContracts' | 'maxVersions' | 'maxSchemaBytes' | 'maxBindings'>;
