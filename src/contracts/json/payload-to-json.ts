import { Memory } from '../../codec/memory.js';
import type { Schema } from '../schema-model.js';
import { outputBound } from './expansion.js';
import { JsonOutput } from './json-output.js';
import { TableToJson } from './table-to-json.js';
import { planOf } from './transcode-plan.js';

/**
 * JSON text in UTF-8 of a payload, as docs/json.md describes. The payload has been verified against `root` of `schema`:
 * nothing is checked here. RESOURCE_EXHAUSTED when the text grows out of all proportion.
 */
export function payloadToJson(schema: Schema, root: number, payload: Uint8Array): Uint8Array {
  const output = new JsonOutput(outputBound(payload.length));
  new TableToJson(planOf(schema), new Memory(payload), output).payload(0, root);
  return output.finish();
}
