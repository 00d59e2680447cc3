import { Builder } from 'flatbuffers';
import { ModwireError } from '../errors.js';
import { invalidArgument } from './invalid-argument.js';
import { checkParameters, type InferParameters, NO_PARAMETERS } from './parameters.js';
import type { AnyTensor } from './tensor.js';
import { roomFor } from './tensor-tables.js';

/** What requests and responses have in common. */
export interface InferHead {
  readonly modelName: string;
  /** Left out of a request: the server decides. */
  readonly modelVersion?: string | undefined;
  /** Of the caller, for its own use; the response has it too. */
  readonly id?: string | undefined;
  readonly parameters?: InferParameters | undefined;
}

/** A message of the schema as an object. */
export abstract class InferMessage {
  readonly modelName: string;
  readonly modelVersion: string | undefined;
  readonly id: string | undefined;
  readonly parameters: InferParameters;

  constructor({ modelName, modelVersion, id, parameters = NO_PARAMETERS }: InferHead) {
    checkText('modelName', modelName);
    if (modelName === '') throw invalidArgument('modelName is not valid', 'a name', '""');
    if (modelVersion !== undefined) checkText('modelVersion', modelVersion);
    if (id !== undefined) checkText('id', id);
    checkParameters(parameters, 'parameters');
    this.modelName = modelName;
    this.modelVersion = modelVersion;
    this.id = id;
    this.parameters = parameters;
  }

  /** Writes its table, and returns the table's offset. */
  abstract pack(builder: Builder): number;
}

/** A payload of its own. */
export function encodeMessage(message: InferMessage, tensors: readonly AnyTensor[]): Uint8Array {
  const builder = new Builder(roomFor(tensors));
  builder.finish(message.pack(builder));
  return builder.asUint8Array();
}

/** Offset of a string; 0 when there is none. */
export function writeText(builder: Builder, text: string | undefined): number {
  return text === undefined ? 0 : builder.createString(text);
}

/** Throws NOT_FOUND, naming those that are there. */
export function tensorNamed(tensors: readonly AnyTensor[], name: string, kind: string): AnyTensor {
  const found = tensors.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new ModwireError('NOT_FOUND', {
    what: `no ${kind} has this name`,
    expected: tensors.length === 0 ? 'none, there are no tensors' : tensors.map((one) => one.name).join(', '),
    got: JSON.stringify(name),
  });
}

function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string') throw invalidArgument(`${name} is not valid`, 'a string', typeof value);
}
