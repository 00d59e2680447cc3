import { sha256 } from '@noble/hashes/sha2.js';
import { encodeUtf8 } from '../codec/utf8.js';
import { canonicalForm } from './canonical-form.js';
import type { Schema } from './schema-model.js';

/** Bytes of a schema id. */
export const SCHEMA_ID_BYTES = 16;

/**
 * Id of what the table at `root` and all that is reachable from it mean: the first 16 bytes of the SHA-256 of its
 * canonical form. The same on every machine, whatever compiled the schema.
 */
export function schemaId(schema: Schema, root: number): Uint8Array {
  return sha256(encodeUtf8(canonicalForm(schema, root))).slice(0, SCHEMA_ID_BYTES);
}
