import type { Schema } from '../contracts/schema-model.js';
import { ModwireError } from '../errors.js';
import type { ContractVersion, VersionReference } from './contract-records.js';
import type { ContractState } from './contract-state.js';
import { sharedTypes } from './shared-types.js';

/** How versions are written in messages: `orders@3`. */
export function versionText({ contract, version }: VersionReference): string {
  return `${contract}@${version}`;
}

/** The version of that number. Throws NOT_FOUND. */
export function findVersion(state: ContractState, { contract, version }: VersionReference): ContractVersion {
  const info = state.contract(contract);
  const found = info?.versions.find((one) => one.version === version);
  if (found !== undefined) return found;
  throw new ModwireError('NOT_FOUND', {
    what: info === undefined ? 'no such contract' : 'the contract has no such version',
    expected: info === undefined ? 'the name of a registered contract' : `1 to ${info.versions.length}`,
    got: info === undefined ? contract : versionText({ contract, version }),
  });
}

/** Throws unless all that a schema refers to is there, and shares types with it that are the same in both. */
export function checkReferences(
  state: ContractState,
  schema: Schema,
  references: readonly VersionReference[],
  schemaOf: (id: string) => Schema,
): void {
  for (const reference of references) {
    const target = findVersion(state, reference);
    checkNotDeleted(target);
    const { count, different } = sharedTypes(schemaOf(target.schemaId), schema);
    if (different !== undefined) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: `${different} is not the type that it is in ${versionText(reference)}`,
        expected: 'types of the same name to be the same in both schemas',
        where: different,
        advice: `include the schema of ${versionText(reference)}, or do not refer to it`,
      });
    }
    if (count === 0) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: `the schema has no type in common with ${versionText(reference)}`,
        expected: 'a reference to a version that it shares types with',
      });
    }
  }
}

/** Throws FAILED_PRECONDITION when something refers to this version. */
export function checkNotReferenced(state: ContractState, version: ContractVersion): void {
  const referrers = state
    .contracts()
    .flatMap(({ versions }) => versions)
    .filter(({ deleted, references }) => !deleted && references.some((one) => isSame(one, version)));
  if (referrers.length === 0) return;
  throw new ModwireError('FAILED_PRECONDITION', {
    what: `other versions refer to ${versionText(version)}`,
    got: shortList(referrers.map(versionText)),
    advice: 'delete those first',
  });
}

/** Throws FAILED_PRECONDITION when something that a version refers to is deleted. */
export function checkReferencesRemain(state: ContractState, { references }: ContractVersion): void {
  for (const reference of references) checkNotDeleted(findVersion(state, reference));
}

/** At most five of them, and how many more. */
export function shortList(items: readonly string[]): string {
  const more = items.length - 5;
  return more > 0 ? `${items.slice(0, 5).join(', ')} and ${more} more` : items.join(', ');
}

function checkNotDeleted(version: ContractVersion): void {
  if (!version.deleted) return;
  throw new ModwireError('FAILED_PRECONDITION', {
    what: `${versionText(version)} is referred to, and deleted`,
    advice: 'restore it first',
  });
}

function isSame(one: VersionReference, other: VersionReference): boolean {
  return one.contract === other.contract && one.version === other.version;
}
