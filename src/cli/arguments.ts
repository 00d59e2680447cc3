import { parseArgs } from 'node:util';
import { ModwireError } from '../errors.js';
import { describeQuantity, parseQuantity, type Unit } from './config/quantity.js';
import { didYouMean } from './suggest.js';

/** A flag of a command. The same table makes the parser and the help. */
export interface OptionSpec {
  /** Without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What stands for its value in the help; a flag without one is on or off. */
  readonly value?: string;
  /** May be given more than once. */
  readonly multiple?: boolean;
  readonly about: string;
  /** Heading in the help; `Options` by default. */
  readonly group?: string;
}

/** Flags that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [{ name: 'help', short: 'h', about: 'Show this help.' }];

/** What was given to a command: checked to be known, not yet what it means. */
export class Arguments {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(positionals: readonly string[], values: ReadonlyMap<string, readonly string[]>) {
    this.positionals = positionals;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The last value of a flag. */
  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  /** All values of a flag that may be repeated. */
  texts(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** A number with its unit's suffixes. Throws INVALID_ARGUMENT when it is none or out of range. */
  quantity(name: string, unit: Unit, min: number, max: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = parseQuantity(text, unit);
    if (value !== undefined && value >= min && value <= max) return value;
    throw invalidFlag(name, describeQuantity(unit, min, max), text);
  }

  /** One of several words. Throws INVALID_ARGUMENT for another one. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = choices.find((choice) => choice === text);
    if (found !== undefined) return found;
    throw invalidFlag(name, `one of ${choices.join(', ')}`, text);
  }

  /** Throws INVALID_ARGUMENT unless there are `min` to `max` arguments besides the flags. */
  expectPositionals(min: number, max: number, usage: string): void {
    const { length } = this.positionals;
    if (length >= min && length <= max) return;
    throw new ModwireError('INVALID_ARGUMENT', {
      what: length < min ? 'an argument is missing' : 'too many arguments',
      expected: `modwire ${usage}`,
      got: length === 0 ? 'none' : this.positionals.map((text) => JSON.stringify(text)).join(' '),
    });
  }
}

/** Throws INVALID_ARGUMENT for a flag that the command does not have, or a value that is missing or too much. */
export function parseArguments(
  command: string,
  options: readonly OptionSpec[],
  args: readonly string[],
): Arguments {
  const known = new Map([...COMMON_OPTIONS, ...options].map((option) => [option.name, option]));
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      [...known.values()].map(({ name, short, value }) => [
        name,
        { type: value === undefined ? 'boolean' : 'string', ...(short === undefined ? {} : { short }) },
      ]),
    ) as NonNullable<Parameters<typeof parseArgs>[0]>['options'] & object,
    // Its own checks know neither suggestions nor our error table.
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    if (option === undefined) throw unknownFlag(command, token.rawName, [...known.keys()]);
    const value = checkedValue(option, token.rawName, token.value, token.inlineValue === true);
    values.set(option.name, option.multiple ? [...(values.get(option.name) ?? []), value] : [value]);
  }
  return new Arguments(positionals, values);
}

function checkedValue(option: OptionSpec, raw: string, value: string | undefined, inline: boolean): string {
  if (option.value === undefined) {
    if (value === undefined) return '';
    throw new ModwireError('INVALID_ARGUMENT', { what: `${raw} takes no value`, got: JSON.stringify(value) });
  }
  // What begins with a dash is the next flag more often than a value; `-` alone is standard input.
  if (value !== undefined && (inline || value === '-' || !value.startsWith('-'))) return value;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: `${raw} needs a value`,
    expected: `${raw} ${option.value}`,
    got: value === undefined ? 'nothing after it' : value,
    ...(value === undefined ? {} : { advice: `write ${raw}=${value} if that is the value` }),
  });
}

function unknownFlag(command: string, raw: string, known: readonly string[]): ModwireError {
  const long = raw.startsWith('--');
  const advice = (long ? didYouMean(raw.slice(2), known, '--') : undefined)?.advice;
  return new ModwireError('INVALID_ARGUMENT', {
    what: `modwire ${command} has no flag ${raw}`,
    advice:
      advice ??
      `see modwire ${command} --help${long ? '' : '; write -- in front of arguments that begin with a dash'}`,
  });
}

/** A flag whose value is not valid. */
export function invalidFlag(name: string, expected: string, got: string): ModwireError {
  return new ModwireError('INVALID_ARGUMENT', {
    what: `--${name} is not valid`,
    expected,
    got: JSON.stringify(got),
  });
}
