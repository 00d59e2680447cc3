import type { Schema } from '../schema-model.js';
import { outputBound } from './expansion.js';
import { JsonOutput } from './json-output.js';
import { TableToJson } from './table-to-json.js';
import { VerifiedPayload } from './verified-payload.js';

/**
 * JSON text in UTF-8 of a payload, as docs/json.md describes. The payload has been verified against `root` of `schema`:
 * nothing is checked here. RESOURCE_EXHAUSTED when the text grows out of all proportion.
 */
export function payloadToJson(schema: Schema, root: number, payload: Uint8Array): Uint8Array {
  const output = new JsonOutput(outputBound(payload.length));
  new TableToJson(new VerifiedPayload(schema, payload), output).payload(0, root);
  return output.finish();
}
