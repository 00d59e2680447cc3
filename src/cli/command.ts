import type { Arguments, OptionSpec } from './arguments.js';
import type { Terminal } from './terminal.js';

/** A command of the CLI: an entry of the table in commands/commands.ts. */
export type Command = TableCommand | CommandGroup | DelegatedCommand;

/** One whose arguments and help follow from its table of options. */
export interface TableCommand {
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

/** One that is made of others: `modwire contracts check`. */
export interface CommandGroup {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Paragraphs for its help. */
  readonly details: readonly string[];
  /** Named by their last word, and in the order of the help. */
  readonly commands: readonly TableCommand[];
}

/** One that reads its arguments, answers `--help` and reports its errors itself. */
export interface DelegatedCommand {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Resolves with the exit code. */
  delegate(args: readonly string[]): Promise<number>;
}
