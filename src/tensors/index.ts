/**
 * `modwire/tensors`: requests and responses of models as payloads, with tensors that are views of them. For Node.js, where
 * half floats go through the native addon if it is in use, and for browsers.
 */
export { schema as inferenceSchema } from '../codec/generated/inference.schema.js';
export { ModwireError } from '../errors.js';
export { DATATYPES, type Datatype, type TensorArrays } from './datatype.js';
export type { InferHead } from './infer-message.js';
export {
  decodeInferRequest,
  encodeInferRequest,
  InferRequest,
  type InferRequestFields,
  InferRequestRoot,
  type NamedOutput,
  type RequestedOutput,
} from './infer-request.js';
export {
  decodeInferResponse,
  encodeInferResponse,
  InferResponse,
  type InferResponseFields,
  InferResponseRoot,
} from './infer-response.js';
export type { InferParameters, ParameterValue } from './parameters.js';
export { type AnyTensor, type Tensor, type TensorOptions, tensor } from './tensor.js';
export { CONTENTS_ALIGNMENT } from './tensor-tables.js';
export type { TensorValues } from './tensor-values.js';
