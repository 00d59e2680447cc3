import type { Builder, ByteBuffer } from 'flatbuffers';
import { schema } from '../codec/generated/inference.schema.js';
import { InferRequest as RequestTable } from '../codec/generated/modwire/inference/infer-request.js';
import { RequestedOutput as OutputTable } from '../codec/generated/modwire/inference/requested-output.js';
import { VerifiedBytes } from '../codec/verified-bytes.js';
import type { Contract } from '../contracts/contract.js';
import { defineContract } from '../contracts/define-contract.js';
import type { ValueViolation } from '../contracts/value-violation.js';
import { encodeMessage, type InferHead, InferMessage, tensorNamed, writeText } from './infer-message.js';
import { invalidArgument } from './invalid-argument.js';
import {
  checkParameterCount,
  checkParameters,
  type InferParameters,
  NO_PARAMETERS,
  readParameters,
  writeParameters,
} from './parameters.js';
import { PayloadCheck } from './payload-check.js';
import type { AnyTensor } from './tensor.js';
import { checkCount, checkTensors, readTensor, writeTensors } from './tensor-tables.js';

export interface RequestedOutput {
  readonly name: string;
  readonly parameters?: InferParameters | undefined;
}

/** The same, filled in. */
export interface NamedOutput extends RequestedOutput {
  readonly parameters: InferParameters;
}

export interface InferRequestFields extends InferHead {
  /** Each with a name of its own. */
  readonly inputs: readonly AnyTensor[];
  /** Names, or with parameters. Left out: all that the model has. */
  readonly outputs?: readonly (string | RequestedOutput)[] | undefined;
}

/** A call of a model. */
export class InferRequest extends InferMessage {
  readonly inputs: readonly AnyTensor[];
  /** Empty: all that the model has. */
  readonly outputs: readonly NamedOutput[];

  /** Throws INVALID_ARGUMENT, with the place. */
  constructor(fields: InferRequestFields) {
    super(fields);
    const { inputs, outputs = [] } = fields;
    checkTensors(inputs, 'inputs');
    this.inputs = inputs;
    this.outputs = requestedOutputs(outputs);
    checkParameterCount([this, ...inputs, ...this.outputs]);
  }

  /** Throws NOT_FOUND. */
  input(name: string): AnyTensor {
    return tensorNamed(this.inputs, name, 'input');
  }

  pack(builder: Builder): number {
    const inputs = RequestTable.createInputsVector(builder, writeTensors(builder, this.inputs));
    const outputs = this.#packOutputs(builder);
    const parameters = writeParameters(builder, this.parameters);
    const id = writeText(builder, this.id);
    const modelVersion = writeText(builder, this.modelVersion);
    const modelName = builder.createString(this.modelName);
    return RequestTable.createInferRequest(builder, modelName, modelVersion, id, inputs, outputs, parameters);
  }

  #packOutputs(builder: Builder): number {
    if (this.outputs.length === 0) return 0;
    const tables = this.outputs.map(({ name, parameters }) => {
      const parametersOffset = writeParameters(builder, parameters);
      return OutputTable.createRequestedOutput(builder, builder.createString(name), parametersOffset);
    });
    return RequestTable.createOutputsVector(builder, tables);
  }
}

/** What a contract takes as its root to give and take objects of InferRequest. */
export class InferRequestRoot {
  readonly #table = new RequestTable();

  static getRootAsInferRequest(bytes: ByteBuffer): InferRequestRoot {
    const at = bytes.position();
    return new InferRequestRoot().__init(at + bytes.readInt32(at), bytes);
  }

  static checkPayload(payload: Uint8Array): ValueViolation | undefined {
    const table = RequestTable.getRootAsInferRequest(new VerifiedBytes(payload));
    const check = new PayloadCheck(payload);
    check.head(table);
    check.tensors(table.inputsLength(), 'inputs', (index, input) => table.inputs(index, input));
    check.outputs(table.outputsLength(), (index, output) => table.outputs(index, output));
    check.parameters(table, '');
    return check.violation;
  }

  __init(at: number, bytes: ByteBuffer): InferRequestRoot {
    this.#table.__init(at, bytes);
    return this;
  }

  /** Its tensors are views of the payload. */
  unpack(): InferRequest {
    const table = this.#table;
    return new InferRequest({
      modelName: table.modelName()!,
      modelVersion: table.modelVersion() ?? undefined,
      id: table.id() ?? undefined,
      inputs: Array.from({ length: table.inputsLength() }, (_, index) => readTensor(table.inputs(index)!)),
      outputs: Array.from({ length: table.outputsLength() }, (_, index) => {
        const output = table.outputs(index)!;
        return { name: output.name()!, parameters: readParameters(output) };
      }),
      parameters: readParameters(table),
    });
  }
}

let requests: Contract<InferRequest> | undefined;

/** A payload of its own. Throws INVALID_ARGUMENT, with the place. */
export function encodeInferRequest(fields: InferRequestFields): Uint8Array {
  const request = fields instanceof InferRequest ? fields : new InferRequest(fields);
  return encodeMessage(request, request.inputs);
}

/**
 * The request that a payload holds, with tensors that are views of it. Throws CONTRACT_VIOLATION, with the path, when there is
 * something wrong with it.
 */
export function decodeInferRequest(payload: Uint8Array): InferRequest {
  requests ??= defineContract({ name: 'inference request', schema, root: InferRequestRoot });
  return requests.decode(payload);
}

function requestedOutputs(outputs: readonly (string | RequestedOutput)[]): NamedOutput[] {
  if (!Array.isArray(outputs))
    throw invalidArgument('outputs is no list', 'an array of names', typeof outputs);
  checkCount(outputs, 'outputs');
  const names = new Set<unknown>();
  return outputs.map((output: string | RequestedOutput | null, index) => {
    const name = typeof output === 'string' ? output : output?.name;
    const parameters = typeof output === 'string' ? NO_PARAMETERS : (output?.parameters ?? NO_PARAMETERS);
    const where = `outputs[${index}]`;
    if (typeof name !== 'string' || name === '' || names.has(name)) {
      const got = JSON.stringify(name) ?? typeof name;
      throw invalidArgument('not the name of an output', 'a name, each once', got, where);
    }
    names.add(name);
    checkParameters(parameters, `${where}.parameters`);
    return { name, parameters };
  });
}
