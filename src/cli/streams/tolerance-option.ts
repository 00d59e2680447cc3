import {
  DEFAULT_TOLERANCES,
  type FloatFormat,
  type Tolerance,
  type Tolerances,
} from '../../mirroring/tolerance.js';
import { type Arguments, invalidFlag, type OptionSpec } from '../arguments.js';

const FORMATS = Object.keys(DEFAULT_TOLERANCES) as FloatFormat[];
const EXPECTED = `ABSOLUTE,RELATIVE, two numbers from 0 on, with ${FORMATS.join('=, ')}= in front for those alone`;

export const TOLERANCE_OPTION: OptionSpec = {
  name: 'tolerance',
  value: '[FORMAT=]ABSOLUTE,RELATIVE',
  multiple: true,
  about: `Numbers that differ by at most this are the same; of ${FORMATS.join(', ')} or of all formats; repeatable.`,
};

/** What is to be the same, instead of the defaults; what is said last counts. Throws INVALID_ARGUMENT. */
export function tolerancesIn(args: Arguments): Partial<Tolerances> {
  const tolerances: Partial<Record<FloatFormat, Tolerance>> = {};
  for (const text of args.texts(TOLERANCE_OPTION.name)) {
    const [, name, numbers] = /^(?:([A-Z0-9]+)=)?(.*)$/.exec(text)!;
    const formats = name === undefined ? FORMATS : FORMATS.filter((format) => format === name);
    const parts = numbers!.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    const isRight =
      formats.length > 0 && parts.length === 2 && parts.every((part) => part >= 0 && Number.isFinite(part));
    if (!isRight) throw invalidFlag(TOLERANCE_OPTION.name, EXPECTED, text);
    const [absolute, relative] = parts as [number, number];
    for (const format of formats) tolerances[format] = { absolute, relative };
  }
  return tolerances;
}
