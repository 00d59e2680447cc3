import type { LoadedSchema } from './schema-file.js';

/** What JSON says of a schema: where it came from, its id and root. */
export function schemaFacts(source: string, { rootName: root, schemaId }: LoadedSchema): object {
  return { source, root, schemaId };
}
