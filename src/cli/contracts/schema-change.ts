import type { LoadedSchema } from './schema-file.js';

/** A schema file of then and now. */
export interface SchemaChange {
  /** Where it is; of one that is gone, where it was. */
  readonly file: string;
  /** Where it was, when that is elsewhere. */
  readonly previousFile?: string;
  readonly before: LoadedSchema | undefined;
  readonly after: LoadedSchema | undefined;
  /** Something else to know. */
  readonly note: string | undefined;
}

/** Holds what is gone against the files that have its root now: one that is new is the same, renamed. */
export function pairRenamed(changes: readonly SchemaChange[]): SchemaChange[] {
  const heirs = new Map<string, SchemaChange[]>();
  for (const change of changes) {
    const { after } = change;
    if (after !== undefined) heirs.set(after.rootName, [...(heirs.get(after.rootName) ?? []), change]);
  }
  const replaced = new Set<SchemaChange>();
  const renamed: SchemaChange[] = [];
  for (const gone of changes) {
    const { file: previousFile, before, after } = gone;
    const own = after === undefined ? (heirs.get(before!.rootName) ?? []) : [];
    if (own.length === 0) continue;
    replaced.add(gone);
    for (const heir of own) {
      if (heir.before === undefined) replaced.add(heir);
      renamed.push({ ...heir, previousFile, before });
    }
  }
  return [...changes.filter((change) => !replaced.has(change)), ...renamed];
}
