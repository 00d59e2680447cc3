import { ContentType } from '../../src/codec/generated/modwire/content-type.js';
import { encodeUtf8 } from '../../src/codec/utf8.js';
import { type CompiledSchema, compileRoot } from '../../src/contracts/compile-schema.js';
import { payloadFromJson } from '../../src/contracts/json/payload-from-json.js';
import {
  type ComparisonOptions,
  compareReplies,
  type MirroredOutcome,
} from '../../src/mirroring/compare-replies.js';
import type { Difference } from '../../src/mirroring/difference.js';
import type { MirroredReply } from '../../src/mirroring/reply-reading.js';
import { type AnyTensor, encodeInferResponse } from '../../src/tensors/index.js';
import { rooted } from './schemas.js';

/** A schema's text, ready to make replies of it. */
export async function compiled(text: string): Promise<CompiledSchema> {
  const { schema, root } = await rooted(text);
  return compileRoot(schema, root);
}

export function tableReply(schema: CompiledSchema, json: unknown): MirroredReply {
  const payload = payloadFromJson(schema.schema, schema.root, encodeUtf8(JSON.stringify(json)));
  return { contentType: ContentType.flatbuffer, payload, schema };
}

/** `json`: a value, or a text as it is. */
export function jsonReply(json: unknown): MirroredReply {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return { contentType: ContentType.json, payload: encodeUtf8(text) };
}

export function bytesReply(...bytes: number[]): MirroredReply {
  return { contentType: ContentType.bytes, payload: Uint8Array.from(bytes) };
}

export function tensorReply(outputs: readonly unknown[]): MirroredReply {
  const fields = { modelName: 'ranker', outputs: outputs as readonly AnyTensor[] };
  return { contentType: ContentType.tensor, payload: encodeInferResponse(fields) };
}

export function answered(...replies: MirroredReply[]): MirroredOutcome {
  return { replies };
}

/** Of two calls with one reply each. */
export function compareTwo(primary: MirroredReply, shadow: MirroredReply, options: ComparisonOptions = {}) {
  return compareReplies(answered(primary), answered(shadow), options);
}

/** `path: kinds, at primary / shadow` of each, to hold against a text. */
export function differenceTexts(differences: readonly Difference[]): string[] {
  return differences.map(({ path, kinds, first }) => {
    const counted = Object.entries(kinds).map(([kind, count]) => (count === 1 ? kind : `${count} ${kind}`));
    return `${path}: ${counted.join(', ')}, at ${first.at} ${first.primary} / ${first.shadow}`;
  });
}

/** The same of two replies, of which everything was compared. */
export function differencesOf(primary: MirroredReply, shadow: MirroredReply): string[] {
  const { differences, leftOut } = compareTwo(primary, shadow);
  if (leftOut.length > 0) throw new Error(`left out: ${leftOut}`);
  return differenceTexts(differences);
}
