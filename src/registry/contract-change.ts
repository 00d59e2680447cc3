import type { CompatibilityLevel } from '../contracts/compatibility-level.js';
import type { Binding, ContractVersion, FrameUse } from './contract-records.js';

/** One thing that happened to the contracts. The journal is a list of these: as JSON, each applies to the state before. */
export type ContractChange =
  | {
      readonly change: 'registered';
      /** Of a contract that is new with this version. */
      readonly level?: CompatibilityLevel | undefined;
      /** `reads` and `readBy` name earlier versions only. */
      readonly version: ContractVersion;
      /** CRC-32C of the schema's bytes. */
      readonly checksum: number;
    }
  | { readonly change: 'level'; readonly contract: string; readonly level: CompatibilityLevel }
  | { readonly change: 'deleted' | 'restored'; readonly contract: string; readonly version: number }
  /** A binding of the same pattern and use gives way. */
  | { readonly change: 'bound'; readonly binding: Binding }
  | { readonly change: 'unbound'; readonly pattern: string; readonly use: FrameUse };

const KINDS: ReadonlySet<unknown> = new Set<ContractChange['change']>([
  'registered',
  'level',
  'deleted',
  'restored',
  'bound',
  'unbound',
]);

/** Whether this version knows such a change. */
export function isContractChange(value: unknown): value is ContractChange {
  return typeof value === 'object' && value !== null && KINDS.has((value as { change?: unknown }).change);
}
