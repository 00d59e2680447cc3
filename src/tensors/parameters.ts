import { type Builder, Encoding } from 'flatbuffers';
import { Parameter } from '../codec/generated/modwire/inference/parameter.js';
import { invalidArgument } from './invalid-argument.js';
import type { MessageMeter } from './message-meter.js';
import { TENSOR_LIMITS } from './tensor-limits.js';

/** Texts as they lie in the payload, not decoded. */
const BYTES = Encoding.UTF8_BYTES;

/**
 * Whole numbers up to 2^53-1 travel as integers of 64 bits and come back as numbers; larger ones are bigints, here and
 * there. All other numbers travel as doubles.
 */
export type ParameterValue = boolean | number | bigint | string;

/** By name. Those of a decoded message have no prototype, so that no name means anything else. */
export type InferParameters = Readonly<Record<string, ParameterValue>>;

export const NO_PARAMETERS: InferParameters = Object.freeze(Object.create(null));

/** Any table of the schema that has parameters. */
export interface ParameterTable {
  parameters(index: number, parameter?: Parameter): Parameter | null;
  parametersLength(): number;
}

/** Throws INVALID_ARGUMENT when these parts of one message have more parameters than it may. */
export function checkParameterCount(parts: readonly { readonly parameters: InferParameters }[]): void {
  const count = parts.reduce((sum, { parameters }) => sum + Object.keys(parameters).length, 0);
  if (count <= TENSOR_LIMITS.maxParameters) return;
  const expected = `at most ${TENSOR_LIMITS.maxParameters} in one message`;
  throw invalidArgument('too many parameters', expected, String(count), 'parameters');
}

/** Throws INVALID_ARGUMENT for a value that cannot be one. */
export function checkParameters(parameters: InferParameters, where: string): void {
  for (const [name, value] of Object.entries(parameters)) {
    const kind = typeof value;
    const fits = typeof value !== 'bigint' || BigInt.asIntN(64, value) === value;
    if (fits && (kind === 'boolean' || kind === 'number' || kind === 'bigint' || kind === 'string')) continue;
    throw invalidArgument(
      'not the value of a parameter',
      'a boolean, a number, a bigint of 64 bits or a string',
      fits ? kind : String(value),
      `${where}.${name}`,
    );
  }
}

/** Offset of the vector of parameters; 0 when there are none. */
export function writeParameters(builder: Builder, parameters: InferParameters): number {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return 0;
  const tables = entries.map(([name, value]) => writeParameter(builder, name, value));
  // The same for all tables of the schema.
  builder.startVector(4, tables.length, 4);
  for (const table of tables.reverse()) builder.addOffset(table);
  return builder.endVector();
}

function writeParameter(builder: Builder, name: string, value: ParameterValue): number {
  const nameOffset = builder.createString(name);
  const textOffset = typeof value === 'string' ? builder.createString(value) : 0;
  Parameter.startParameter(builder);
  Parameter.addName(builder, nameOffset);
  if (typeof value === 'boolean') Parameter.addFlag(builder, value);
  else if (typeof value === 'string') Parameter.addText(builder, textOffset);
  else if (isInteger(value)) Parameter.addInteger(builder, BigInt(value));
  else Parameter.addNumber(builder, value);
  return Parameter.endParameter(builder);
}

/** An integer has no negative zero. */
function isInteger(value: number | bigint): value is bigint {
  return typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0));
}

/** Of a table without a `parameterProblem`. */
export function readParameters(table: ParameterTable): InferParameters {
  const count = table.parametersLength();
  if (count === 0) return NO_PARAMETERS;
  const parameters: Record<string, ParameterValue> = Object.create(null);
  const parameter = new Parameter();
  for (let index = 0; index < count; index++) {
    table.parameters(index, parameter);
    parameters[parameter.name()] = parameterValue(parameter)!;
  }
  return parameters;
}

function parameterValue(parameter: Parameter): ParameterValue | null {
  const integer = parameter.integer();
  if (integer === null) return parameter.flag() ?? parameter.number() ?? parameter.text();
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
}

/** What is wrong with one of a table's parameters, with its index; undefined when nothing is. */
export function parameterProblem(
  table: ParameterTable,
  meter: MessageMeter,
): { index: number; why: string } | undefined {
  const names = new Set<string>();
  const parameter = new Parameter();
  for (let index = 0; index < table.parametersLength(); index++) {
    table.parameters(index, parameter);
    const tooMuch =
      meter.text(parameter.name(BYTES).length) ?? meter.text(parameter.text(BYTES)?.length ?? 0);
    if (tooMuch !== undefined) return { index, why: tooMuch };
    const values = [parameter.flag(), parameter.integer(), parameter.number(), parameter.text()];
    const given = values.filter((value) => value !== null).length;
    const name = parameter.name();
    if (given !== 1) return { index, why: `a parameter has one value, this one has ${given}` };
    if (names.has(name)) return { index, why: 'a parameter before has the same name' };
    names.add(name);
  }
  return undefined;
}
