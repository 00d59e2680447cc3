import { JsonScanner } from '../contracts/json/json-scanner.js';
import { ModwireError } from '../errors.js';
import { type Datatype, formatOf } from '../tensors/datatype.js';
import { elementsOf } from '../tensors/element-memory.js';
import { encodeInferRequest, type RequestedOutput } from '../tensors/infer-request.js';
import type { InferParameters, ParameterValue } from '../tensors/parameters.js';
import { shapeProblem } from '../tensors/shape.js';
import { type AnyTensor, tensor } from '../tensors/tensor.js';
import type { TensorValues } from '../tensors/tensor-values.js';
import {
  BINARY,
  BINARY_OUTPUT,
  BINARY_SIZE,
  type InferBody,
  type InferCall,
  type ModelName,
  type WantedOutput,
} from './infer-body.js';
import { JsonMembers, orNone, takeParameter } from './json-members.js';
import { notUnderstood } from './not-understood.js';
import { readTensorData } from './tensor-data.js';

/** An input as its JSON describes it. */
interface InputHead {
  readonly where: string;
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly parameters: Record<string, ParameterValue>;
  /** Where its values begin in the JSON; undefined without them. */
  readonly dataAt: number | undefined;
}

interface OutputHead extends RequestedOutput {
  /** Undefined when it does not say. */
  readonly binary: boolean | undefined;
}

/**
 * The payload that a body of a request becomes, and how its outputs are wanted. Throws INVALID_ARGUMENT, with the place in the
 * JSON, for a body that is not as the protocol wants it.
 */
export function requestFromBody({ bytes, jsonBytes = bytes.length }: InferBody, model: ModelName): InferCall {
  if (jsonBytes === 0 || jsonBytes > bytes.length) {
    const expected = `the length of the JSON, from 1 to the body's ${bytes.length} bytes`;
    throw notUnderstood(
      'not understood',
      expected,
      String(jsonBytes),
      'header Inference-Header-Content-Length',
    );
  }
  const scanner = new JsonScanner(bytes.subarray(0, jsonBytes));
  return new RequestReader(new JsonMembers(scanner), jsonBytes, bytes.subarray(jsonBytes)).read(model);
}

class RequestReader {
  readonly #json: JsonMembers;
  readonly #jsonBytes: number;
  /** Binary data of inputs, and how much of it has been taken. */
  readonly #binary: Uint8Array;
  #taken = 0;
  #id: string | undefined;
  #parameters: Record<string, ParameterValue> = Object.create(null);
  #inputs: InputHead[] | undefined;
  #outputs: OutputHead[] = [];

  constructor(json: JsonMembers, jsonBytes: number, binary: Uint8Array) {
    this.#json = json;
    this.#jsonBytes = jsonBytes;
    this.#binary = binary;
  }

  read({ name: modelName, version: modelVersion }: ModelName): InferCall {
    const json = this.#json;
    json.object('body', (member) => {
      if (member === 'id') this.#id = json.text('id');
      else if (member === 'parameters') this.#parameters = json.parameters('parameters');
      else if (member === 'inputs') this.#inputs = json.array('inputs', (where) => this.#inputHead(where));
      else if (member === 'outputs') this.#outputs = json.array('outputs', (where) => this.#output(where));
      else return false;
      return true;
    });
    json.scanner.end();
    if (this.#inputs === undefined)
      throw notUnderstood('not understood', 'a list of tensors', 'nothing', 'inputs');
    const binary = takeParameter(this.#parameters, BINARY_OUTPUT, 'boolean', 'body') ?? false;
    const inputs = this.#inputs.map((head) => this.#input(head));
    const left = this.#binary.length - this.#taken;
    if (left > 0) {
      throw notUnderstood(
        'binary data of no input',
        `${this.#taken} bytes behind the JSON`,
        `${left} more`,
        'body',
      );
    }
    const outputs = this.#outputs.map(({ name, parameters }) => ({ name, parameters }));
    const payload = encodeInferRequest({
      ...{ modelName, modelVersion, id: this.#id, inputs, outputs, parameters: this.#parameters },
    });
    const wanted = this.#outputs.map(
      (one): WantedOutput => ({ name: one.name, binary: one.binary ?? binary }),
    );
    return { payload, form: { binary, outputs: wanted } };
  }

  #inputHead(where: string): InputHead {
    const json = this.#json;
    let name: string | undefined;
    let datatype: string | undefined;
    let shape: number[] | undefined;
    let parameters: Record<string, ParameterValue> = Object.create(null);
    let dataAt: number | undefined;
    json.object(where, (member) => {
      if (member === 'name') name = json.text(`${where}.name`);
      else if (member === 'datatype') datatype = json.text(`${where}.datatype`);
      else if (member === 'parameters') parameters = json.parameters(`${where}.parameters`);
      else if (member === 'shape') {
        shape = json.array(`${where}.shape`, (place) => {
          json.expect('number', place);
          return Number(json.scanner.number());
        });
      } else {
        if (member === 'data') dataAt = json.scanner.position;
        return false;
      }
      return true;
    });
    const format = placed(where, () =>
      formatOf(needed(datatype, 'a datatype', `${where}.datatype`) as Datatype),
    );
    const dimensions = needed(shape, 'a list of dimensions', `${where}.shape`);
    const problem = shapeProblem(dimensions);
    if (problem !== undefined) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: `not a shape: ${problem}`,
        where: `${where}.shape`,
      });
    }
    const known = { where, name: needed(name, 'a name', `${where}.name`), datatype: format.datatype };
    return { ...known, shape: dimensions, parameters, dataAt };
  }

  #output(where: string): OutputHead {
    const json = this.#json;
    let name: string | undefined;
    let parameters: Record<string, ParameterValue> = Object.create(null);
    json.object(where, (member) => {
      if (member === 'name') name = json.text(`${where}.name`);
      else if (member === 'parameters') parameters = json.parameters(`${where}.parameters`);
      else return false;
      return true;
    });
    const binary = takeParameter(parameters, BINARY, 'boolean', where);
    return { name: needed(name, 'a name', `${where}.name`), parameters: orNone(parameters), binary };
  }

  #input({ where, name, datatype, shape, parameters, dataAt }: InputHead): AnyTensor {
    const size = takeParameter(parameters, BINARY_SIZE, 'number', where);
    if ((size === undefined) === (dataAt === undefined)) {
      const got = dataAt === undefined ? 'neither' : 'both';
      throw notUnderstood('not understood', `data, or parameters.${BINARY_SIZE}`, got, where);
    }
    return placed(where, () => {
      const values =
        size === undefined ? this.#listed(datatype, shape, dataAt!, where) : this.#bytes(size, datatype);
      const options = { name, ...named(orNone(parameters)) };
      return tensor(datatype, shape, values as TensorValues<Datatype>, options) as AnyTensor;
    });
  }

  #listed(datatype: Datatype, shape: readonly number[], at: number, where: string) {
    this.#json.scanner.seek(at);
    return readTensorData(this.#json.scanner, datatype, shape, `${where}.data`, this.#jsonBytes);
  }

  /** The next of the binary data, as elements. */
  #bytes(size: number, datatype: Datatype) {
    const start = this.#taken;
    const { bytes: width } = formatOf(datatype);
    const left = this.#binary.length - start;
    if (!Number.isSafeInteger(size) || size < 0 || size > left) {
      const expected = `a number of bytes up to the ${left} that are left behind the JSON`;
      throw notUnderstood(`${BINARY_SIZE} is not valid`, expected, String(size), 'parameters');
    }
    if (width > 0 && size % width !== 0) {
      throw notUnderstood(
        'not whole elements',
        `a multiple of ${width} bytes`,
        String(size),
        `parameters.${BINARY_SIZE}`,
      );
    }
    this.#taken += size;
    return elementsOf(this.#binary.subarray(start, start + size), formatOf(datatype));
  }
}

function named(parameters: InferParameters | undefined): { parameters?: InferParameters } {
  return parameters === undefined ? {} : { parameters };
}

function needed<Value>(value: Value | undefined, expected: string, where: string): Value {
  if (value !== undefined) return value;
  throw notUnderstood('not understood', expected, 'nothing', where);
}

/** Has errors say in which input they are. */
function placed<Result>(where: string, make: () => Result): Result {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof ModwireError)) throw thrown;
    const { where: inner } = thrown.detail;
    const whole = inner === undefined || inner.startsWith(where) ? (inner ?? where) : `${where}, ${inner}`;
    throw new ModwireError(thrown.code, { ...thrown.detail, where: whole });
  }
}
