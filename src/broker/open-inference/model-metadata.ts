import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import { ModwireError } from '../../errors.js';
import type { HttpCalls } from '../calls/http-calls.js';
import { SMALL_BODY_BYTES } from '../http-input.js';
import { metadataSubject, type ServedModels } from './served-models.js';

/** What the protocol says about a model. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly unknown[];
  readonly outputs: readonly unknown[];
}

/**
 * What there is to say about a model that is served: what whoever serves its metadata answers, above what the broker
 * knows. Rejects with the error that answers the request for it.
 */
export async function modelMetadata(
  name: string,
  version: string | undefined,
  models: ServedModels,
  calls: HttpCalls,
  gone: AbortSignal,
): Promise<ModelMetadata> {
  const known = {
    ...{ name, versions: version === undefined ? models.versions(name) : [version] },
    ...{ platform: 'modwire', inputs: [], outputs: [] },
  };
  const subject = metadataSubject(name);
  if (models.served(subject) === undefined) return known;
  const payload = encodeUtf8(JSON.stringify({ name, version }));
  const frame = await calls.ask({ subject, payload, contentType: ContentType.json }, gone);
  return { ...known, ...objectOf(frame.payload, subject), name };
}

function objectOf(payload: Uint8Array, subject: string): object {
  let value: unknown;
  try {
    value =
      payload.length > SMALL_BODY_BYTES
        ? undefined
        : JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new ModwireError('INTERNAL', {
    what: 'the metadata of the model are not understood',
    expected: `a JSON object of at most ${SMALL_BODY_BYTES} bytes`,
    got: `${payload.length} bytes`,
    where: `subject ${subject}`,
  });
}
