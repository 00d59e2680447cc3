import type { Arguments, OptionSpec } from './arguments.js';
import type { Terminal } from './terminal.js';

/** A command of the CLI: an entry of the table in commands/command-table.ts. */
export type Command = CommandEntry | CommandGroup | DelegatedCommand;

/** What the help of all commands, and suggestions, say of one. */
export interface Heading {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
}

/** One whose module is loaded only when it is asked for: others start faster without. */
export interface CommandEntry extends Heading {
  load(): Promise<TableCommand>;
}

/** The rest of it: arguments and help follow from its table of options. */
export interface TableCommand {
  /** How it is called, without `modwire`. */
  readonly usage: string;
  /** Paragraphs for its help. */
  readonly details: readonly string[];
  readonly options: readonly OptionSpec[];
  /** Resolves when it is done well; rejects with the error that decides the exit code. */
  run(args: Arguments, terminal: Terminal): Promise<void>;
}

/** One that is made of others: `modwire contracts check`. */
export interface CommandGroup extends Heading {
  /** Paragraphs for its help. */
  readonly details: readonly string[];
  /** Named by their last word, and in the order of the help. */
  readonly commands: readonly CommandEntry[];
}

/** One that reads its arguments, answers `--help` and reports its errors itself. */
export interface DelegatedCommand extends Heading {
  /** Resolves with the exit code. */
  delegate(args: readonly string[]): Promise<number>;
}
