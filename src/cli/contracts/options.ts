import { resolve } from 'node:path';
import type { Arguments, OptionSpec } from '../arguments.js';

/** Flags that several commands about contracts have. */
export const JSON_OPTION: OptionSpec = { name: 'json', about: 'Print one JSON object.' };

export const INCLUDE_OPTION: OptionSpec = {
  name: 'include',
  short: 'I',
  value: 'DIR',
  multiple: true,
  about: 'Look there too for what a .fbs includes; repeatable.',
};

export const ROOT_OPTION: OptionSpec = {
  name: 'root',
  value: 'NAME',
  about: 'Full name of the root table. (default the root_type of the schema)',
};

export const REFERENCE_OPTION: OptionSpec = {
  name: 'reference',
  value: 'NAME@N',
  multiple: true,
  about: 'A version of another contract that types are shared with; repeatable.',
};

/** `--level`, with what it is taken for. */
export function levelOption(about: string): OptionSpec {
  return { name: 'level', value: 'LEVEL', about };
}

export const CHECK_FORMATS = ['text', 'json', 'github'] as const;

export type CheckFormat = (typeof CHECK_FORMATS)[number];

export const FORMAT_OPTIONS: readonly OptionSpec[] = [
  { name: 'json', about: 'Print one JSON object: the same as --format json.' },
  {
    name: 'format',
    value: CHECK_FORMATS.join('|'),
    about: 'How to print it; github makes annotations for GitHub Actions. (default text)',
  },
];

export interface SchemaFileOptions {
  /** What paths are relative to. */
  readonly cwd: string;
  /** Absolute paths where included files are looked for when they are not beside the file that includes them. */
  readonly includeDirs: readonly string[];
  /** Full name of the root table; without, the one that the schema declares. */
  readonly root?: string | undefined;
}

/** What the flags of a command say about schema files. */
export function schemaFileOptions(args: Arguments, cwd: string): SchemaFileOptions {
  const includeDirs = args.texts('include').map((dir) => resolve(cwd, dir));
  return { cwd, includeDirs, root: args.text('root') };
}
