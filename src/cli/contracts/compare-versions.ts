import { compareSchemas, violations } from '../../contracts/compatibility.js';
import type { CompatibilityLevel } from '../../contracts/compatibility-level.js';
import { compileProgram } from '../../contracts/compile-program.js';
import { ModwireError } from '../../errors.js';
import type { CheckedItem } from './check-outcome.js';
import type { LoadedSchema } from './schema-file.js';

/** One version held against another. */
export function compared(
  before: LoadedSchema,
  after: LoadedSchema,
  level: CompatibilityLevel,
): Pick<CheckedItem, 'report' | 'violations' | 'root' | 'note'> {
  const report = compareSchemas(before, after);
  const note = refusal(after);
  return {
    report,
    violations: violations(report, level),
    root: after.rootName,
    ...(note !== undefined && { note }),
  };
}

/** Why brokers would not register a schema; undefined when they would. */
function refusal({ schema, root }: LoadedSchema): string | undefined {
  try {
    compileProgram(schema, root);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof ModwireError) return `brokers do not take it: ${thrown.message}`;
    throw thrown;
  }
}
