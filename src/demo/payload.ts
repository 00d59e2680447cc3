/**
 * What the demo's frames carry, little-endian. Both begin alike:
 *
 *     0  u32  number of the request
 *     4  u32  features: how many tokens to generate; predictions: checksum of the tokens read
 *     8  f64  intended send time, microseconds on the clock of pace.ts
 *
 * In features the context follows, in predictions a f32 score and then what was generated: tokens of four bytes.
 */
const REQUEST = 0;
const SECOND = 4;
const INTENDED_AT = 8;
const CONTEXT = 16;
const SCORE = 16;
const GENERATED = 20;
export const TOKEN_BYTES = 4;

/** What is common to features and predictions. */
export interface Envelope {
  readonly request: number;
  /** Microseconds on the clock of pace.ts. */
  readonly intendedAt: number;
}

export interface Features extends Envelope {
  /** How many tokens to generate. */
  readonly generate: number;
  readonly context: TokenView;
}

export interface Prediction extends Envelope {
  /** Of the context that it was made from. */
  readonly checksum: number;
  /** 0 to 1. */
  readonly score: number;
  readonly generated: TokenView;
}

/** Payload of feedback, as JSON. */
export interface FeedbackMessage extends Envelope {
  /** How good the prediction was: 0 to 1. */
  readonly reward: number;
}

/** Tokens where they lie: nothing is copied. */
export class TokenView {
  readonly length: number;
  readonly #data: DataView;
  readonly #from: number;

  constructor(data: DataView, from: number) {
    this.length = Math.floor((data.byteLength - from) / TOKEN_BYTES);
    this.#data = data;
    this.#from = from;
  }

  get(index: number): number {
    return this.#data.getUint32(this.#from + TOKEN_BYTES * index, true);
  }

  set(index: number, token: number): void {
    this.#data.setUint32(this.#from + TOKEN_BYTES * index, token, true);
  }
}

/** Throws RangeError for bytes that are too few. */
export function readFeatures(payload: Uint8Array): Features {
  const data = dataOf(payload);
  return {
    request: data.getUint32(REQUEST, true),
    generate: data.getUint32(SECOND, true),
    intendedAt: data.getFloat64(INTENDED_AT, true),
    context: new TokenView(data, CONTEXT),
  };
}

/** Throws RangeError for bytes that are too few. */
export function readPrediction(payload: Uint8Array): Prediction {
  const data = dataOf(payload);
  return {
    request: data.getUint32(REQUEST, true),
    checksum: data.getUint32(SECOND, true),
    intendedAt: data.getFloat64(INTENDED_AT, true),
    score: data.getFloat32(SCORE, true),
    generated: new TokenView(data, GENERATED),
  };
}

/** Makes payloads in one piece of memory: each is valid until the next. */
export class PayloadWriter {
  #bytes = new Uint8Array(64 * 1024);

  features(
    envelope: Envelope,
    contextTokens: number,
    generate: number,
    fill: (context: TokenView) => void,
  ): Uint8Array {
    const data = this.#open(envelope, CONTEXT + TOKEN_BYTES * contextTokens, generate);
    fill(new TokenView(data, CONTEXT));
    return this.#bytes.subarray(0, data.byteLength);
  }

  prediction(
    envelope: Envelope,
    checksum: number,
    score: number,
    tokens: number,
    fill: (generated: TokenView) => void,
  ): Uint8Array {
    const data = this.#open(envelope, GENERATED + TOKEN_BYTES * tokens, checksum);
    data.setFloat32(SCORE, score, true);
    fill(new TokenView(data, GENERATED));
    return this.#bytes.subarray(0, data.byteLength);
  }

  #open(envelope: Envelope, byteLength: number, second: number): DataView {
    if (byteLength > this.#bytes.length) this.#bytes = new Uint8Array(byteLength);
    const data = new DataView(this.#bytes.buffer, 0, byteLength);
    data.setUint32(REQUEST, envelope.request, true);
    data.setUint32(SECOND, second, true);
    data.setFloat64(INTENDED_AT, envelope.intendedAt, true);
    return data;
  }
}

function dataOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
}
