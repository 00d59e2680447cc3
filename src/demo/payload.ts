import { FEATURE_COUNT } from './network.js';
import { VERSIONS, type Version } from './stages.js';
import { TOKEN_BYTES, TokenView } from './tokens.js';

/**
 * What the demo's frames carry, little-endian. All begin alike:
 *
 *     0  u32  number of the request
 *     4  u32  second: see below
 *     8  f64  intended send time, microseconds on the clock of pace.ts
 *
 * In a request to the feature service the tokens of the context follow, four bytes each, and `second` is 0. In features
 * follow these, f32 each; `second` is the checksum of the context, or, in a request for an explanation, how many tokens it
 * may have. In a prediction, whose `second` is the checksum too, the score (f32) and the index of the version (u32) come
 * before the features that it was made from.
 */
const REQUEST = 0;
const SECOND = 4;
const INTENDED_AT = 8;
const BODY = 16;
const SCORE = 16;
const VERSION = 20;
const SCORED_FEATURES = 24;
const FLOAT_BYTES = 4;

/** What is common to all. */
export interface Envelope {
  readonly request: number;
  /** Microseconds on the clock of pace.ts. */
  readonly intendedAt: number;
}

export interface ContextPayload extends Envelope {
  readonly context: TokenView;
}

export interface FeaturesPayload extends Envelope {
  /** Checksum of the context, or how many tokens an explanation may have. */
  readonly second: number;
  readonly features: Float32Array;
}

export interface Prediction extends Envelope {
  /** Of the context that it was made from. */
  readonly checksum: number;
  /** 0 to 1. */
  readonly score: number;
  /** Of the model. */
  readonly version: Version;
  readonly features: Float32Array;
}

/** Payload of feedback, as JSON. */
export interface FeedbackMessage extends Envelope {
  /** How good the prediction was: 0 to 1. */
  readonly reward: number;
}

/** A token of an explanation, as JSON: its place, from 0, and the token. */
export type ExplanationToken = readonly [index: number, token: string];

export function writeContext(
  envelope: Envelope,
  tokens: number,
  fill: (context: TokenView) => void,
): Uint8Array {
  const data = open(envelope, 0, BODY + TOKEN_BYTES * tokens);
  fill(new TokenView(data, BODY));
  return bytesOf(data);
}

export function writeFeatures({ second, features, ...envelope }: FeaturesPayload): Uint8Array {
  const data = open(envelope, second, BODY + FLOAT_BYTES * FEATURE_COUNT);
  setFloats(data, BODY, features);
  return bytesOf(data);
}

export function writePrediction(prediction: Prediction): Uint8Array {
  const { checksum, score, version, features } = prediction;
  const data = open(prediction, checksum, SCORED_FEATURES + FLOAT_BYTES * FEATURE_COUNT);
  data.setFloat32(SCORE, score, true);
  data.setUint32(VERSION, VERSIONS.indexOf(version), true);
  setFloats(data, SCORED_FEATURES, features);
  return bytesOf(data);
}

/** Throws RangeError for bytes that are too few. */
export function readContext(payload: Uint8Array): ContextPayload {
  const data = dataOf(payload);
  return { ...envelopeOf(data), context: new TokenView(data, BODY) };
}

/** Throws RangeError for bytes that are too few. */
export function readFeatures(payload: Uint8Array): FeaturesPayload {
  const data = dataOf(payload);
  return {
    ...envelopeOf(data),
    second: data.getUint32(SECOND, true),
    features: getFloats(data, BODY),
  };
}

/** Throws RangeError for bytes that are too few, and for a version that there is not. */
export function readPrediction(payload: Uint8Array): Prediction {
  const data = dataOf(payload);
  const version = VERSIONS[data.getUint32(VERSION, true)];
  if (version === undefined) throw new RangeError('no such version');
  return {
    ...envelopeOf(data),
    checksum: data.getUint32(SECOND, true),
    score: data.getFloat32(SCORE, true),
    version,
    features: getFloats(data, SCORED_FEATURES),
  };
}

function open({ request, intendedAt }: Envelope, second: number, byteLength: number): DataView {
  const data = new DataView(new ArrayBuffer(byteLength));
  data.setUint32(REQUEST, request, true);
  data.setUint32(SECOND, second, true);
  data.setFloat64(INTENDED_AT, intendedAt, true);
  return data;
}

function envelopeOf(data: DataView): Envelope {
  return { request: data.getUint32(REQUEST, true), intendedAt: data.getFloat64(INTENDED_AT, true) };
}

function setFloats(data: DataView, from: number, values: Float32Array): void {
  for (let at = 0; at < FEATURE_COUNT; at++) data.setFloat32(from + FLOAT_BYTES * at, values[at]!, true);
}

function getFloats(data: DataView, from: number): Float32Array {
  return new Float32Array(FEATURE_COUNT).map((_, at) => data.getFloat32(from + FLOAT_BYTES * at, true));
}

function dataOf(payload: Uint8Array): DataView {
  return new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
}

function bytesOf(data: DataView): Uint8Array {
  return new Uint8Array(data.buffer);
}
