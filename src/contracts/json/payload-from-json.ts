import { ModwireError } from '../../errors.js';
import { identifierOf, type Schema } from '../schema-model.js';
import { ByteStack } from './byte-stack.js';
import { outputBound } from './expansion.js';
import { JsonPlace } from './json-place.js';
import { JsonScanner } from './json-scanner.js';
import { checkPayload } from './nested-bytes.js';
import { PayloadBuilder } from './payload-builder.js';
import { ScalarReader } from './scalar-from-json.js';
import { TableFromJson } from './table-from-json.js';
import { planOf } from './transcode-plan.js';

/**
 * A payload of the table `root` of `schema` from JSON text in UTF-8, as docs/json.md describes. It carries the schema's
 * file identifier and no size prefix, and verifies. INVALID_ARGUMENT names the field path, or the byte where the text
 * is no JSON; UNIMPLEMENTED is a field that needs 64-bit offsets; RESOURCE_EXHAUSTED a payload that grows out of all
 * proportion.
 */
export function payloadFromJson(schema: Schema, root: number, json: Uint8Array): Uint8Array {
  const object = schema.objects[root];
  if (object === undefined || object.isStruct) {
    throw new ModwireError('INVALID_ARGUMENT', {
      what: 'the root is no table of the schema',
      got: String(root),
    });
  }
  const scanner = new JsonScanner(json);
  const place = new JsonPlace();
  const bound = outputBound(json.length);
  const builder = new PayloadBuilder(bound, place);
  const scalars = new ScalarReader(scanner, place);
  const reading = {
    ...{ plan: planOf(schema), scanner, scalars, place, stack: new ByteStack(), bound, builder },
    embedsBytes: false,
  };
  const table = new TableFromJson(reading).table(root, 1);
  scanner.end();
  const payload = builder.finish(table, identifierOf(schema, root));
  if (reading.embedsBytes) checkPayload(reading, root, payload);
  return payload;
}
