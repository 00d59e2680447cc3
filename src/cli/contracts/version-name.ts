import { ModwireError } from '../../errors.js';
import type { VersionReference } from '../../registry/contract-records.js';
import { checkContractName } from '../../registry/request-checks.js';

const NAME_AND_VERSION = /^([^@/\\]+)@([1-9]\d{0,8})$/;

/** What `orders@3` names; undefined for what is no such name. */
export function parseVersionName(text: string): VersionReference | undefined {
  const [, contract, version] = NAME_AND_VERSION.exec(text) ?? [];
  return contract === undefined ? undefined : { contract, version: Number(version) };
}

/** The same. Throws INVALID_ARGUMENT. */
export function readVersionName(text: string): VersionReference {
  const name = parseVersionName(text);
  if (name !== undefined) {
    checkContractName(name.contract);
    return name;
  }
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a version of a contract',
    expected: 'its name and number, such as orders@3',
    got: JSON.stringify(text),
  });
}

export function versionName({ contract, version }: VersionReference): string {
  return `${contract}@${version}`;
}
