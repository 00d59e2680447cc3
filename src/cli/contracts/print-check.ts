import { type Arguments, invalidFlag } from '../arguments.js';
import type { Terminal } from '../terminal.js';
import { checkAnnotations } from './check-github.js';
import { checkJson } from './check-json.js';
import { type CheckOutcome, errorOf } from './check-outcome.js';
import { checkSummary, checkText } from './check-text.js';
import { CHECK_FORMATS, type CheckFormat } from './options.js';

/** Throws INVALID_ARGUMENT. */
export function formatOf(args: Arguments): CheckFormat {
  const format = args.choice('format', CHECK_FORMATS);
  if (!args.has('json')) return format ?? 'text';
  if (format === undefined || format === 'json') return 'json';
  throw invalidFlag('format', 'json, which --json asks for', format);
}

/** Prints what a check found out. Throws INCOMPATIBLE_SCHEMA when its level is broken, and what is wrong with a schema. */
export async function printCheck(
  outcome: CheckOutcome,
  format: CheckFormat,
  terminal: Terminal,
  includeDirs: readonly string[],
): Promise<void> {
  for (const line of await linesOf(outcome, format, terminal, includeDirs)) await terminal.stdout.line(line);
  const error = errorOf(outcome);
  if (error !== undefined) throw error;
}

async function linesOf(
  outcome: CheckOutcome,
  format: CheckFormat,
  { stdout, cwd, env }: Terminal,
  includeDirs: readonly string[],
): Promise<string[]> {
  if (format === 'json') return [checkJson(outcome)];
  if (format === 'text') return checkText(outcome, stdout.style);
  const workspace = env.GITHUB_WORKSPACE || cwd;
  const annotations = await checkAnnotations(outcome, { cwd, includeDirs, workspace });
  return [...annotations, checkSummary(outcome, stdout.style)];
}
