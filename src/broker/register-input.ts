import { encodeUtf8 } from '../codec/utf8.js';
import { decodeBase64 } from '../contracts/json/base64.js';
import type { RegisterRequest, VersionReference } from '../registry/contract-records.js';
import { checkLevel } from '../registry/request-checks.js';
import {
  badInput,
  checkQuery,
  objectOf,
  parseVersion,
  readJsonObject,
  required,
  SMALL_BODY_BYTES,
  textOf,
} from './http-input.js';
import { BYTES_TYPE, type HttpRequest, JSON_TYPE, unsupportedType } from './http-message.js';

/**
 * A schema to register or to check: the bytes of a `.bfbs` with the rest in the query, or all of it as JSON. Throws
 * INVALID_ARGUMENT, RESOURCE_EXHAUSTED.
 */
export function readRegisterRequest(
  request: HttpRequest,
  contract: string,
  maxSchemaBytes: number,
): RegisterRequest {
  const { body, query, contentType } = request;
  if (contentType === BYTES_TYPE) {
    checkQuery(query, ['root', 'level'], ['reference']);
    return {
      ...{ contract, bfbs: body, root: query.get('root') ?? undefined },
      level: levelOf(query.get('level') ?? undefined),
      references: query.getAll('reference').map(parseReference),
    };
  }
  if (contentType !== JSON_TYPE) {
    throw unsupportedType([BYTES_TYPE, JSON_TYPE], contentType);
  }
  checkQuery(query, []);
  const maxBytes = Math.ceil(maxSchemaBytes / 3) * 4 + SMALL_BODY_BYTES;
  const object = readJsonObject(request, ['schema', 'root', 'level', 'references'], maxBytes);
  const text = encodeUtf8(required(textOf(object, 'schema'), 'schema'));
  const bfbs = decodeBase64(text, 0, text.length);
  if (bfbs === undefined) throw badInput('schema', 'a .bfbs in base64 (RFC 4648, padded)', object.schema);
  return {
    ...{ contract, bfbs, root: textOf(object, 'root'), level: levelOf(textOf(object, 'level')) },
    references: referencesOf(object.references),
  };
}

function levelOf(text: string | undefined): RegisterRequest['level'] {
  if (text !== undefined) checkLevel(text);
  return text;
}

/** `orders@3`. */
function parseReference(text: string): VersionReference {
  const at = text.lastIndexOf('@');
  if (at < 0) throw badInput('reference', 'a contract and a version, such as orders@3', text);
  return { contract: text.slice(0, at), version: parseVersion(text.slice(at + 1), 'reference') };
}

function referencesOf(value: unknown): VersionReference[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw badInput('references', 'a list', value);
  return value.map((one) => {
    const object = objectOf(one, ['contract', 'version'], 'references');
    const { version } = object;
    if (typeof version !== 'number') throw badInput('references', 'the number of a version', version);
    const contract = required(textOf(object, 'contract'), 'references');
    return { contract, version: parseVersion(String(version), 'references') };
  });
}
