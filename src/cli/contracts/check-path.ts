import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { violations } from '../../contracts/compatibility.js';
import type { CompatibilityLevel } from '../../contracts/compatibility-level.js';
import { ModwireError } from '../../errors.js';
import { filesJson } from './check-json.js';
import { type CheckedItem, type CheckOutcome, NO_FINDINGS, reportOf } from './check-outcome.js';
import { compared } from './compare-versions.js';
import { GitRevision } from './git-revision.js';
import type { SchemaFileOptions } from './options.js';
import { PathSchemas } from './path-schemas.js';
import { pairRenamed, type SchemaChange } from './schema-change.js';
import type { LoadedSchema } from './schema-file.js';

export interface PathCheck extends Omit<SchemaFileOptions, 'root'> {
  /** A folder, or one schema. */
  readonly path: string;
  readonly revision: string;
  readonly level: CompatibilityLevel;
}

/**
 * Holds the schemas below a path, as they are on disk, against those of a revision. Only those that declare a root are
 * compared: what others declare counts where it is included. Throws NOT_FOUND when there is no schema, and as
 * GitRevision.open does; what is wrong with one schema is told of that one.
 */
export async function checkPath(check: PathCheck): Promise<CheckOutcome> {
  const { path, level, cwd } = check;
  const { folder, only } = await placeOf(path, cwd);
  const revision = await GitRevision.open(resolve(cwd, folder), check.revision);
  const schemas = new PathSchemas(revision, check);
  const names = schemas.names().filter((name) => only === undefined || name === only);
  if (names.length === 0) throw noSchemas(path);
  const invalid: CheckedItem[] = [];
  const changes: SchemaChange[] = [];
  for (const name of names) {
    const file = join(folder, name);
    try {
      const change = { file, after: await schemas.now(file), ...(await schemas.before(name)) };
      if (change.after !== undefined || change.before !== undefined) changes.push(change);
    } catch (thrown) {
      invalid.push({ title: file, file, state: 'invalid', error: ofOneSchema(thrown), ...NO_FINDINGS });
    }
  }
  const items = [...invalid, ...pairRenamed(changes).map((change) => itemOf(change, level))];
  items.sort((a, b) => (a.title < b.title ? -1 : 1));
  const { name, commit } = revision;
  return {
    level,
    items,
    against: name,
    facts: { against: { revision: name, commit }, files: filesJson(items) },
  };
}

/** The folder of what is checked, and the name of its only schema that is. */
async function placeOf(path: string, cwd: string): Promise<{ folder: string; only?: string }> {
  const found = await stat(resolve(cwd, path)).catch(() => undefined);
  if (found?.isDirectory()) return { folder: path };
  if (found !== undefined) return { folder: dirname(path), only: basename(path) };
  throw new ModwireError('NOT_FOUND', { what: 'no such file or folder', where: path });
}

function noSchemas(path: string): ModwireError {
  return new ModwireError('NOT_FOUND', {
    what: 'no schemas there',
    expected: '.fbs or .bfbs files that git does not ignore',
    where: path,
  });
}

/** Throws what is not the fault of one schema: no compiler, no git, a defect. */
function ofOneSchema(thrown: unknown): ModwireError {
  if (thrown instanceof ModwireError && thrown.code !== 'FAILED_PRECONDITION') return thrown;
  throw thrown;
}

function itemOf(
  { file, previousFile, before, after, note }: SchemaChange,
  level: CompatibilityLevel,
): CheckedItem {
  const place = { title: file, file, ...(note !== undefined && { note }) };
  if (after === undefined) return { ...place, state: 'removed', ...removal(before!, level) };
  const root = after.rootName;
  if (before === undefined) return { ...place, state: 'added', root, ...NO_FINDINGS };
  if (previousFile !== undefined) {
    const title = `${previousFile} -> ${file}`;
    return {
      ...place,
      title,
      previousFile,
      state: 'renamed',
      ...compared(before, after, level),
    };
  }
  if (Buffer.compare(before.bfbs, after.bfbs) === 0)
    return { ...place, state: 'unchanged', root, ...NO_FINDINGS };
  return { ...place, state: 'changed', ...compared(before, after, level) };
}

function removal({ rootName: root }: LoadedSchema, level: CompatibilityLevel) {
  const report = reportOf({
    rule: 'schema-removed',
    ...{ backward: 'breaking', forward: 'breaking', source: 'warning', path: root },
    message: 'no schema has this root any more',
    advice: 'keep it until nobody writes or reads it',
  });
  return { root, report, violations: violations(report, level) };
}
