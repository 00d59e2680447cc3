import { COMPATIBILITY_LEVELS } from '../../contracts/compatibility-level.js';
import { checkContractName } from '../../registry/request-checks.js';
import type { Arguments } from '../arguments.js';
import type { SchemaOffer } from './contracts-api.js';
import { schemaFileOptions } from './options.js';
import { loadSchemaFile } from './schema-file.js';
import { readVersionName } from './version-name.js';

/** A schema file as a broker is asked about it. Throws as loadSchemaFile does, and for flags that are not valid. */
export async function readOffer(
  contract: string,
  file: string,
  args: Arguments,
  cwd: string,
): Promise<SchemaOffer> {
  checkContractName(contract);
  const level = args.choice('level', COMPATIBILITY_LEVELS);
  const references = args.texts('reference').map(readVersionName);
  const options = schemaFileOptions(args, cwd);
  const { bfbs } = await loadSchemaFile(file, options);
  return { bfbs, root: options.root, level, references };
}
