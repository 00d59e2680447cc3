import { encodeUtf8, isUtf8 } from '../codec/utf8.js';
import { outputBound } from '../contracts/json/expansion.js';
import { floatText } from '../contracts/json/float-text.js';
import { JsonOutput } from '../contracts/json/json-output.js';
import { ModwireError } from '../errors.js';
import { decodeInferResponse, type InferResponse } from '../tensors/infer-response.js';
import type { InferParameters } from '../tensors/parameters.js';
import type { AnyTensor } from '../tensors/tensor.js';
import { BINARY_SIZE, type InferBody, type OutputForm } from './infer-body.js';

interface WrittenOutput {
  readonly output: AnyTensor;
  readonly asBytes: boolean;
}

/**
 * The body that a payload of a response becomes. Throws CONTRACT_VIOLATION for a payload that is no response, NOT_FOUND for a
 * wanted output that it does not have, INVALID_ARGUMENT for one that cannot be JSON, RESOURCE_EXHAUSTED for JSON that grows
 * out of all proportion.
 */
export function bodyFromResponse(payload: Uint8Array, form: OutputForm): InferBody {
  const response = decodeInferResponse(payload);
  const outputs = wantedOutputs(response, form);
  const json = new JsonOutput(outputBound(payload.length));
  writeHead(json, response);
  outputs.forEach((one, index) => {
    if (index > 0) json.ascii(',');
    writeOutput(json, one);
  });
  json.ascii(']}');
  const text = json.finish();
  const binary = outputs.filter(({ asBytes }) => asBytes).map(({ output }) => output.contents);
  if (binary.length === 0) return { bytes: text, jsonBytes: undefined };
  return { bytes: joined([text, ...binary]), jsonBytes: text.length };
}

function wantedOutputs(response: InferResponse, form: OutputForm): WrittenOutput[] {
  if (form.outputs.length === 0) {
    return response.outputs.map((output) => ({ output, asBytes: form.binary }));
  }
  return form.outputs.map(({ name, binary }) => ({ output: response.output(name), asBytes: binary }));
}

function writeHead(json: JsonOutput, { modelName, modelVersion, id, parameters }: InferResponse): void {
  write(json, `{"model_name":${JSON.stringify(modelName)}`);
  if (modelVersion !== undefined) write(json, `,"model_version":${JSON.stringify(modelVersion)}`);
  if (id !== undefined) write(json, `,"id":${JSON.stringify(id)}`);
  writeParameters(json, parameters);
  json.ascii(',"outputs":[');
}

function writeOutput(json: JsonOutput, { output, asBytes }: WrittenOutput): void {
  const { name, datatype, shape, parameters, contents } = output;
  write(json, `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape}]`);
  writeParameters(json, asBytes ? { ...parameters, [BINARY_SIZE]: contents.length } : parameters);
  if (!asBytes) {
    json.ascii(',"data":[');
    writeValues(json, output);
    json.ascii(']');
  }
  json.ascii('}');
}

/** In one list, row by row. */
function writeValues(json: JsonOutput, output: AnyTensor): void {
  const { datatype } = output;
  if (datatype === 'BYTES') writeTexts(json, output.elements(), output.name);
  else if (datatype === 'BOOL') writeEach(json, output.data, (value) => (value === 0 ? 'false' : 'true'));
  else if (datatype === 'FP64') writeEach(json, output.data, (value) => realText(value, false));
  else if (datatype === 'FP16' || datatype === 'BF16' || datatype === 'FP32') {
    writeEach(json, output.toFloat32(), (value) => realText(value, true));
  }
  // Those of 64 bits in full.
  else writeEach<number | bigint>(json, output.data, String);
}

function writeEach<Value>(json: JsonOutput, values: Iterable<Value>, textOf: (value: Value) => string): void {
  let separator = '';
  for (const value of values) {
    json.ascii(separator);
    json.ascii(textOf(value));
    separator = ',';
  }
}

function writeTexts(json: JsonOutput, elements: Iterable<Uint8Array>, name: string): void {
  let index = 0;
  for (const element of elements) {
    if (!isUtf8(element, 0, element.length)) {
      throw new ModwireError('INVALID_ARGUMENT', {
        what: 'an element is no text',
        expected: 'UTF-8',
        where: `output ${name}[${index}]`,
        advice: 'ask for it with binary_data',
      });
    }
    if (index++ > 0) json.ascii(',');
    json.string(element, 0, element.length);
  }
}

function writeParameters(json: JsonOutput, parameters: InferParameters): void {
  const members = Object.entries(parameters).map(([name, value]) => {
    const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  if (members.length > 0) write(json, `,"parameters":{${members.join(',')}}`);
}

function write(json: JsonOutput, text: string): void {
  json.bytes(encodeUtf8(text));
}

/** JSON has no word for what is not finite. */
function realText(value: number, isSingle: boolean): string {
  return Number.isFinite(value) ? floatText(value, isSingle) : 'null';
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
