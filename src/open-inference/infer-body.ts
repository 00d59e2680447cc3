/** A body of the Open Inference Protocol over HTTP: JSON, and behind it the binary data of tensors. */
export interface InferBody {
  readonly bytes: Uint8Array;
  /** Length of the JSON where binary data may follow; undefined when all of it is JSON. */
  readonly jsonBytes: number | undefined;
}

/** Which model a request is for. */
export interface ModelName {
  readonly name: string;
  /** Undefined when the request names none. */
  readonly version: string | undefined;
}

/** How whoever asks wants to read the outputs. */
export interface OutputForm {
  /** Whether outputs are binary data unless they say otherwise. */
  readonly binary: boolean;
  /** The wanted ones; empty for all that there are. */
  readonly outputs: readonly WantedOutput[];
}

export interface WantedOutput {
  readonly name: string;
  readonly binary: boolean;
}

/** A request as a model gets it. */
export interface InferCall {
  /** InferRequest of schemas/inference.fbs. */
  readonly payload: Uint8Array;
  readonly form: OutputForm;
}

/** Parameters by which the protocol's extension for binary data speaks; models do not see them. */
export const BINARY_SIZE = 'binary_data_size';
export const BINARY = 'binary_data';
export const BINARY_OUTPUT = 'binary_data_output';
