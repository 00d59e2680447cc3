import type { Builder, ByteBuffer } from 'flatbuffers';
import { schema } from '../codec/generated/inference.schema.js';
import { InferResponse as ResponseTable } from '../codec/generated/modwire/inference/infer-response.js';
import { VerifiedBytes } from '../codec/verified-bytes.js';
import type { Contract } from '../contracts/contract.js';
import { defineContract } from '../contracts/define-contract.js';
import type { ValueViolation } from '../contracts/value-violation.js';
import { encodeMessage, type InferHead, InferMessage, tensorNamed, writeText } from './infer-message.js';
import { checkParameterCount, readParameters, writeParameters } from './parameters.js';
import { PayloadCheck } from './payload-check.js';
import type { AnyTensor } from './tensor.js';
import { checkTensors, readTensor, writeTensors } from './tensor-tables.js';

export interface InferResponseFields extends InferHead {
  /** Each with a name of its own. */
  readonly outputs: readonly AnyTensor[];
}

/** What a model answers. */
export class InferResponse extends InferMessage {
  readonly outputs: readonly AnyTensor[];

  /** Throws INVALID_ARGUMENT, with the place. */
  constructor(fields: InferResponseFields) {
    super(fields);
    checkTensors(fields.outputs, 'outputs');
    this.outputs = fields.outputs;
    checkParameterCount([this, ...this.outputs]);
  }

  /** Throws NOT_FOUND. */
  output(name: string): AnyTensor {
    return tensorNamed(this.outputs, name, 'output');
  }

  pack(builder: Builder): number {
    const outputs = ResponseTable.createOutputsVector(builder, writeTensors(builder, this.outputs));
    const parameters = writeParameters(builder, this.parameters);
    const id = writeText(builder, this.id);
    const modelVersion = writeText(builder, this.modelVersion);
    const modelName = builder.createString(this.modelName);
    return ResponseTable.createInferResponse(builder, modelName, modelVersion, id, outputs, parameters);
  }
}

/** What a contract takes as its root to give and take objects of InferResponse. */
export class InferResponseRoot {
  readonly #table = new ResponseTable();

  static getRootAsInferResponse(bytes: ByteBuffer): InferResponseRoot {
    const at = bytes.position();
    return new InferResponseRoot().__init(at + bytes.readInt32(at), bytes);
  }

  static checkPayload(payload: Uint8Array): ValueViolation | undefined {
    const table = ResponseTable.getRootAsInferResponse(new VerifiedBytes(payload));
    const check = new PayloadCheck(payload);
    check.head(table);
    check.tensors(table.outputsLength(), 'outputs', (index, output) => table.outputs(index, output));
    check.parameters(table, '');
    return check.violation;
  }

  __init(at: number, bytes: ByteBuffer): InferResponseRoot {
    this.#table.__init(at, bytes);
    return this;
  }

  /** Its tensors are views of the payload. */
  unpack(): InferResponse {
    const table = this.#table;
    return new InferResponse({
      modelName: table.modelName()!,
      modelVersion: table.modelVersion() ?? undefined,
      id: table.id() ?? undefined,
      outputs: Array.from({ length: table.outputsLength() }, (_, index) => readTensor(table.outputs(index)!)),
      parameters: readParameters(table),
    });
  }
}

let responses: Contract<InferResponse> | undefined;

/** A payload of its own. Throws INVALID_ARGUMENT, with the place. */
export function encodeInferResponse(fields: InferResponseFields): Uint8Array {
  const response = fields instanceof InferResponse ? fields : new InferResponse(fields);
  return encodeMessage(response, response.outputs);
}

/**
 * The response that a payload holds, with tensors that are views of it. Throws CONTRACT_VIOLATION, with the path, when there
 * is something wrong with it.
 */
export function decodeInferResponse(payload: Uint8Array): InferResponse {
  responses ??= defineContract({ name: 'inference response', schema, root: InferResponseRoot });
  return responses.decode(payload);
}
