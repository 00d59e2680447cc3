import { ModwireError } from '../errors.js';
import type { SourceTree } from './source-tree.js';

/** `/schemas/order.fbs:3: 12: error: what` */
const COMPLAINT = /^\s*(.+?):\s*(\d+):\s*(\d+):\s*error:\s*(.+)$/m;
const PLAIN = /^\s*(?:error:)?\s*(.*\S.*)$/m;

/** What flatc complained of, with file, line and column where it said so. */
export function flatcError(output: string, { entry }: SourceTree): ModwireError {
  const complaint = COMPLAINT.exec(output);
  if (complaint !== null) {
    const [, file, line, column, what] = complaint;
    return new ModwireError('INVALID_ARGUMENT', { what: what!, where: `${file}:${line}:${column}` });
  }
  const said = output.slice(output.lastIndexOf('error:') + 'error:'.length);
  const what = PLAIN.exec(said)?.[1] ?? 'flatc refused the schema without a word';
  return new ModwireError('INVALID_ARGUMENT', { what, where: entry });
}
