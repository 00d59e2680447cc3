import { encodeUtf8 } from '../codec/utf8.js';
import { floatText } from '../contracts/json/float-text.js';
import { ModwireError } from '../errors.js';
import { decodeInferResponse, type InferResponse } from '../tensors/infer-response.js';
import type { InferParameters } from '../tensors/parameters.js';
import type { AnyTensor } from '../tensors/tensor.js';
import { BINARY_SIZE, type InferBody, type OutputForm } from './infer-body.js';

/**
 * The body that a payload of a response becomes. Throws CONTRACT_VIOLATION for a payload that is no response, NOT_FOUND for a
 * wanted output that it does not have, INVALID_ARGUMENT for one that cannot be JSON.
 */
export function bodyFromResponse(payload: Uint8Array, form: OutputForm): InferBody {
  const response = decodeInferResponse(payload);
  const binary: Uint8Array[] = [];
  const outputs = wantedOutputs(response, form).map(({ output, asBytes }) => {
    if (asBytes) binary.push(output.contents);
    return outputText(output, asBytes);
  });
  const { modelName, modelVersion, id, parameters } = response;
  const members = [
    `"model_name":${JSON.stringify(modelName)}`,
    ...(modelVersion === undefined ? [] : [`"model_version":${JSON.stringify(modelVersion)}`]),
    ...(id === undefined ? [] : [`"id":${JSON.stringify(id)}`]),
    ...parametersText(parameters),
    `"outputs":[${outputs.join(',')}]`,
  ];
  const json = encodeUtf8(`{${members.join(',')}}`);
  if (binary.length === 0) return { bytes: json, jsonBytes: undefined };
  return { bytes: joined([json, ...binary]), jsonBytes: json.length };
}

function wantedOutputs(response: InferResponse, form: OutputForm): { output: AnyTensor; asBytes: boolean }[] {
  if (form.outputs.length === 0) {
    return response.outputs.map((output) => ({ output, asBytes: form.binary }));
  }
  return form.outputs.map(({ name, binary }) => ({ output: response.output(name), asBytes: binary }));
}

function outputText(output: AnyTensor, asBytes: boolean): string {
  const { name, datatype, shape, parameters, contents } = output;
  const head = `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape}]`;
  if (!asBytes)
    return `{${[head, ...parametersText(parameters), `"data":[${valuesText(output)}]`].join(',')}}`;
  const all = { ...parameters, [BINARY_SIZE]: contents.length };
  return `{${[head, ...parametersText(all)].join(',')}}`;
}

/** Values in one list, row by row. */
function valuesText(output: AnyTensor): string {
  switch (output.datatype) {
    case 'BYTES':
      return textsOf(output)
        .map((text) => JSON.stringify(text))
        .join(',');
    case 'BOOL':
      return Array.from(output.data, (value) => value !== 0).join(',');
    case 'FP16':
    case 'BF16':
    case 'FP32':
      return Array.from(output.toFloat32(), (value) => realText(value, true)).join(',');
    case 'FP64':
      return Array.from(output.data, (value) => realText(value, false)).join(',');
    default:
      // Those of 64 bits in full.
      return output.data.join(',');
  }
}

function textsOf(output: AnyTensor): string[] {
  try {
    return output.strings();
  } catch (cause) {
    const { detail } = cause as ModwireError;
    throw new ModwireError('INVALID_ARGUMENT', { ...detail, advice: 'ask for it with binary_data', cause });
  }
}

function parametersText(parameters: InferParameters): string[] {
  const members = Object.entries(parameters).map(([name, value]) => {
    const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return members.length === 0 ? [] : [`"parameters":{${members.join(',')}}`];
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
