import { nearest } from '../nearest.js';
import { SCALAR_BYTES, type ScalarName } from '../schema-model.js';
import { FLOAT_WORDS } from './float-text.js';
import { type JsonPlace, shown } from './json-place.js';
import type { JsonScanner } from './json-scanner.js';
import { type EnumPlan, isWide, type ScalarValue } from './transcode-plan.js';

/** No 64-bit integer is longer. Characters. */
const LONGEST_INTEGER = 20;
const INTEGER = /^-?\d+$/;

interface Range {
  readonly least: bigint;
  readonly most: bigint;
  /** The same as numbers: exact up to 32 bits. */
  readonly lowest: number;
  readonly highest: number;
}

/** Reads scalars and enums from JSON, each into the range of its type. */
export class ScalarReader {
  readonly #scanner: JsonScanner;
  readonly #place: JsonPlace;

  constructor(scanner: JsonScanner, place: JsonPlace) {
    this.#scanner = scanner;
    this.#place = place;
  }

  read(scalar: ScalarName, of: EnumPlan | undefined): ScalarValue {
    const scanner = this.#scanner;
    const kind = scanner.kind();
    if (kind === 'number') return this.#number(scanner.number(), scalar, of);
    if (kind === 'string' && of !== undefined) {
      const text = scanner.stringText();
      // Names begin with letters; 64 bits without a name are written as a text, too.
      return isWide(scalar) && INTEGER.test(text) ? this.#integer(text, scalar, of) : this.#names(text, of);
    }
    if (kind === 'boolean' && scalar === 'bool') return Number(scanner.boolean());
    if (kind === 'string' && isFloat(scalar)) return this.#floatWord(scanner.stringText());
    if (kind === 'string' && isWide(scalar)) {
      const text = scanner.stringText();
      if (INTEGER.test(text)) return this.#integer(text, scalar, of);
      throw this.#place.fault('not a decimal integer', { expected: wanted(scalar, of), got: shown(text) });
    }
    throw this.#place.fault('a value of the wrong type', { expected: wanted(scalar, of), got: kind });
  }

  #number(text: string, scalar: ScalarName, of: EnumPlan | undefined): ScalarValue {
    if (!isFloat(scalar)) return this.#integer(text, scalar, of);
    const number = Number(text);
    const value = scalar === 'float' ? Math.fround(number) : number;
    if (Number.isFinite(value)) return value;
    throw this.#place.fault('a number out of range', { expected: `a ${scalar}`, got: shown(text) });
  }

  #integer(text: string, scalar: ScalarName, of: EnumPlan | undefined): ScalarValue {
    if (!INTEGER.test(text)) {
      // 1e3 and 2.0 are integers too, as long as a double holds them exactly.
      const number = Number(text);
      if (!Number.isSafeInteger(number)) {
        throw this.#place.fault('not an integer', { expected: wanted(scalar, of), got: shown(text) });
      }
      text = String(number);
    }
    if (!isWide(scalar)) {
      // Without a sign, as -0 is no integer of its own.
      const number = Number(text) + 0;
      const { lowest, highest } = RANGES[scalar];
      if (number >= lowest && number <= highest) return number;
    } else if (text.length <= LONGEST_INTEGER) {
      const integer = BigInt(text);
      if (integer >= RANGES[scalar].least && integer <= RANGES[scalar].most) return integer;
    }
    throw this.#place.fault('a number out of range', { expected: wanted(scalar, of), got: shown(text) });
  }

  #floatWord(text: string): number {
    const value = FLOAT_WORDS.get(text);
    if (value !== undefined) return value;
    throw this.#place.fault('a value of the wrong type', {
      expected: 'a number, "nan", "inf" or "-inf"',
      got: shown(text),
    });
  }

  #names(text: string, of: EnumPlan): ScalarValue {
    if (!of.type.bitFlags) return this.#name(text, of);
    let flags: ScalarValue = isWide(of.type.underlying) ? 0n : 0;
    for (const name of text.split(' ')) {
      const flag = this.#name(name, of);
      flags = typeof flag === 'bigint' ? (flags as bigint) | flag : (flags as number) | flag;
    }
    // Bitwise operators yield signed numbers.
    return of.type.underlying === 'uint' ? (flags as number) >>> 0 : flags;
  }

  #name(name: string, of: EnumPlan): ScalarValue {
    const value = of.values.get(name);
    if (value !== undefined) return value;
    const meant = nearestOf(name, of.values.keys());
    throw this.#place.fault(`no value of ${of.type.name}`, {
      expected: wanted(of.type.underlying, of),
      got: shown(name),
      ...(meant === undefined ? {} : { advice: `did you mean ${meant}?` }),
    });
  }
}

const LONGEST_COMPARED = 64;
const MOST_COMPARED = 512;

/** The name that was probably meant; long texts and large types are not looked at, so that it stays cheap. */
export function nearestOf(name: string, names: Iterable<string>): string | undefined {
  if (name.length > LONGEST_COMPARED) return undefined;
  const compared: string[] = [];
  for (const one of names) {
    if (compared.length === MOST_COMPARED) break;
    if (one.length <= LONGEST_COMPARED) compared.push(one);
  }
  return nearest(name, compared);
}

function isFloat(scalar: ScalarName): boolean {
  return scalar === 'float' || scalar === 'double';
}

function wanted(scalar: ScalarName, of: EnumPlan | undefined): string {
  if (of !== undefined) {
    return of.type.bitFlags ? `names of ${of.type.name}, separated by spaces` : `a name of ${of.type.name}`;
  }
  if (scalar === 'bool') return 'true or false';
  if (isFloat(scalar)) return `a ${scalar}`;
  const { least, most } = RANGES[scalar];
  return `an integer from ${least} to ${most}`;
}

const RANGES = Object.fromEntries(
  Object.entries(SCALAR_BYTES).map(([scalar, bytes]) => {
    const bits = scalar === 'bool' ? 1n : BigInt(8 * bytes);
    const unsigned = scalar === 'bool' || scalar.startsWith('u');
    const least = unsigned ? 0n : -(1n << (bits - 1n));
    const most = least + (1n << bits) - 1n;
    return [scalar, { least, most, lowest: Number(least), highest: Number(most) }];
  }),
) as Record<ScalarName, Range>;
