import type { Arguments, OptionSpec } from './arguments.js';
import type { Terminal } from './terminal.js';

/** A command of the CLI: an entry of the table in commands/commands.ts. */
export interface Command {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** How it is called, without `modwire`. */
  readonly usage: string;
  /** Paragraphs for its help. */
  readonly details: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Resolves when it is done well; rejects with the error that decides the exit code. */
  run(args: Arguments, terminal: Terminal): Promise<void>;
}
