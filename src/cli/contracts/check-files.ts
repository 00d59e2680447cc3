import type { CompatibilityLevel } from '../../contracts/compatibility-level.js';
import type { CheckOutcome } from './check-outcome.js';
import { compared } from './compare-versions.js';
import type { SchemaFileOptions } from './options.js';
import { schemaFacts } from './schema-facts.js';
import { loadSchemaFile } from './schema-file.js';

/** Holds a schema file against an older one. Throws as loadSchemaFile does. */
export async function checkFiles(
  old: string,
  file: string,
  level: CompatibilityLevel,
  options: SchemaFileOptions,
): Promise<CheckOutcome> {
  const before = await loadSchemaFile(old, options);
  const after = await loadSchemaFile(file, options);
  const result = compared(before, after, level);
  return {
    ...{ level, against: old },
    items: [{ title: `${old} -> ${file}`, state: 'compared', file, ...result }],
    facts: { before: schemaFacts(old, before), after: schemaFacts(file, after) },
  };
}
