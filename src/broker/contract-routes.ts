import { ModwireError } from '../errors.js';
import type { CheckResult, ContractInfo, FrameUse } from '../registry/contract-records.js';
import type { Registry } from '../registry/registry.js';
import { checkContractName, checkLevel, checkUse } from '../registry/request-checks.js';
import { IncompatibleSchemaError } from '../registry/version-check.js';
import { consumersUnableToRead } from './contract-consumers.js';
import * as input from './http-input.js';
import { BYTES_TYPE, type HttpReply, type HttpRequest, jsonReply } from './http-message.js';
import type { RouteTable } from './http-table.js';
import type { LiveConsumers, UnreadableConsumer } from './live-consumers.js';
import { readRegisterRequest } from './register-input.js';

export interface ContractRouteParts {
  readonly registry: Registry;
  readonly consumers: Pick<LiveConsumers, 'unableToRead'>;
}

export const CONTRACT_ROUTES: RouteTable<ContractRouteParts> = {
  '/v1/contracts': { GET: listContracts },
  '/v1/contracts/*': { GET: showContract },
  '/v1/contracts/*/level': { PUT: setLevel },
  '/v1/contracts/*/check': { POST: checkSchema },
  '/v1/contracts/*/versions': { POST: registerSchema },
  '/v1/contracts/*/versions/*': { GET: showVersion, DELETE: deleteVersion },
  '/v1/contracts/*/versions/*/restore': { POST: restoreVersion },
  '/v1/schemas/*': { GET: showSchema },
  '/v1/bindings': { GET: listBindings, PUT: bind, DELETE: unbind },
};

const DEFAULT_USE: FrameUse = 'message';

function listContracts({ registry }: ContractRouteParts, { query }: HttpRequest): HttpReply {
  input.checkQuery(query, []);
  return jsonReply(200, { contracts: registry.contracts() });
}

function showContract(
  { registry }: ContractRouteParts,
  { query }: HttpRequest,
  [name = '']: readonly string[],
): HttpReply {
  input.checkQuery(query, []);
  return jsonReply(200, contractOf(registry, name));
}

async function setLevel(
  { registry }: ContractRouteParts,
  request: HttpRequest,
  [name = '']: readonly string[],
): Promise<HttpReply> {
  input.checkQuery(request.query, []);
  const object = input.readJsonObject(request, ['level'], input.SMALL_BODY_BYTES);
  const level = input.required(input.textOf(object, 'level'), 'level');
  checkLevel(level);
  return jsonReply(200, await registry.setLevel(name, level));
}

async function checkSchema(
  parts: ContractRouteParts,
  request: HttpRequest,
  [name = '']: readonly string[],
): Promise<HttpReply> {
  const { registry } = parts;
  const asked = readRegisterRequest(request, name, registry.limits.maxSchemaBytes);
  const check = await registry.check(asked);
  return jsonReply(200, { ...check, unreadableBy: unreadableBy(parts, check) });
}

async function registerSchema(
  parts: ContractRouteParts,
  request: HttpRequest,
  [name = '']: readonly string[],
): Promise<HttpReply> {
  const { registry } = parts;
  try {
    const asked = readRegisterRequest(request, name, registry.limits.maxSchemaBytes);
    const { version, isNew, check } = await registry.register(asked);
    const reply = { version, isNew, check, unreadableBy: unreadableBy(parts, check) };
    return jsonReply(isNew ? 201 : 200, reply);
  } catch (thrown) {
    if (!(thrown instanceof IncompatibleSchemaError)) throw thrown;
    const { row, code, message, check } = thrown;
    return jsonReply(row.httpStatus, { code, message, check, unreadableBy: unreadableBy(parts, check) });
  }
}

function showVersion(
  { registry }: ContractRouteParts,
  { query }: HttpRequest,
  [name = '', number = '']: readonly string[],
): HttpReply {
  const wantsBytes = wantsBfbs(query);
  const { versions } = contractOf(registry, name);
  const version = versions[input.parseVersion(number, 'path') - 1];
  if (version === undefined) {
    throw new ModwireError('NOT_FOUND', {
      what: 'the contract has no such version',
      expected: `1 to ${versions.length}`,
      got: number,
      where: name,
    });
  }
  return wantsBytes ? bytesReply(registry.schema(version.schemaId)!.bfbs) : jsonReply(200, version);
}

async function deleteVersion(
  { registry }: ContractRouteParts,
  { query }: HttpRequest,
  [name = '', number = '']: readonly string[],
): Promise<HttpReply> {
  input.checkQuery(query, []);
  return jsonReply(200, await registry.deleteVersion(name, input.parseVersion(number, 'path')));
}

async function restoreVersion(
  { registry }: ContractRouteParts,
  { query }: HttpRequest,
  [name = '', number = '']: readonly string[],
): Promise<HttpReply> {
  input.checkQuery(query, []);
  return jsonReply(200, await registry.restoreVersion(name, input.parseVersion(number, 'path')));
}

function showSchema(
  { registry }: ContractRouteParts,
  { query }: HttpRequest,
  [schemaId = '']: readonly string[],
): HttpReply {
  const wantsBytes = wantsBfbs(query);
  if (!/^[0-9a-f]{32}$/.test(schemaId)) {
    throw input.badInput('path', '32 hexadecimal digits in lower case', schemaId);
  }
  const schema = registry.schema(schemaId);
  if (schema === undefined) {
    throw new ModwireError('NOT_FOUND', {
      what: 'no such schema',
      expected: 'the id of a registered schema',
      got: schemaId,
    });
  }
  const { bfbs, versions, compiled } = schema;
  if (wantsBytes) return bytesReply(bfbs);
  return jsonReply(200, {
    ...{ schemaId, root: compiled.rootName, fileIdentifier: compiled.schema.fileIdentifier },
    ...{ byteSize: bfbs.length, versions },
  });
}

function listBindings({ registry }: ContractRouteParts, { query }: HttpRequest): HttpReply {
  input.checkQuery(query, []);
  return jsonReply(200, { bindings: registry.bindings() });
}

async function bind({ registry, consumers }: ContractRouteParts, request: HttpRequest): Promise<HttpReply> {
  input.checkQuery(request.query, []);
  const members = ['pattern', 'use', 'contract', 'replace'];
  const object = input.readJsonObject(request, members, input.SMALL_BODY_BYTES);
  const pattern = input.required(input.textOf(object, 'pattern'), 'pattern');
  const contract = input.required(input.textOf(object, 'contract'), 'contract');
  const use = input.textOf(object, 'use') ?? DEFAULT_USE;
  checkUse(use);
  const { replace = false } = object;
  if (typeof replace !== 'boolean') throw input.badInput('replace', 'true or false', replace);
  const binding = await registry.bind({ pattern, use, contract, replace });
  const latest = contractOf(registry, contract).versions.findLast(({ deleted }) => !deleted);
  const unable =
    latest === undefined
      ? []
      : consumers.unableToRead([binding], (reader) => registry.reads(reader, latest.schemaId));
  return jsonReply(200, { binding, unreadableBy: unable });
}

async function unbind({ registry }: ContractRouteParts, { query }: HttpRequest): Promise<HttpReply> {
  input.checkQuery(query, ['pattern', 'use']);
  const use = query.get('use') ?? DEFAULT_USE;
  checkUse(use);
  const binding = await registry.unbind(input.required(query.get('pattern'), 'pattern'), use);
  return jsonReply(200, { binding });
}

/** Who, connected now, could not read a schema that is, or were to be, a version of its contract. */
function unreadableBy({ registry, consumers }: ContractRouteParts, check: CheckResult): UnreadableConsumer[] {
  const { contract, schemaId, readBy } = check;
  return consumersUnableToRead(registry, consumers, contract, (reader) => {
    if (registry.reads(reader, schemaId)) return true;
    const versions = registry.schema(reader)?.versions ?? [];
    return versions.some((one) => one.contract === contract && readBy.includes(one.version));
  });
}

function contractOf(registry: Registry, name: string): ContractInfo {
  checkContractName(name);
  const info = registry.contract(name);
  if (info !== undefined) return info;
  throw new ModwireError('NOT_FOUND', {
    what: 'no such contract',
    expected: 'the name of a registered contract',
    got: name,
  });
}

function wantsBfbs(query: URLSearchParams): boolean {
  input.checkQuery(query, ['format']);
  const format = query.get('format') ?? 'json';
  if (format === 'bfbs' || format === 'json') return format === 'bfbs';
  throw input.badInput('format', 'json or bfbs', format);
}

function bytesReply(body: Uint8Array): HttpReply {
  return { status: 200, contentType: BYTES_TYPE, body };
}
