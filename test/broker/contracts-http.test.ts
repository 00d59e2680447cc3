import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerContracts } from '../../src/broker/contracts-http.js';
import { BYTES_TYPE, type HttpReply, JSON_TYPE, readHead } from '../../src/broker/http-message.js';
import type { UnreadableConsumer } from '../../src/broker/live-consumers.js';
import { filtersOverlap } from '../../src/codec/subject.js';
import { ERRORS, type ErrorCode } from '../../src/errors.js';
import type { ContractInfo, ContractVersion } from '../../src/registry/contract-records.js';
import type { Registry } from '../../src/registry/registry.js';
import { bfbsOf } from '../support/flatc.js';
import { ORDERS, type OrderVersion } from '../support/order-schemas.js';
import { openRegistry } from '../support/registry-fixture.js';

let bfbs: Record<OrderVersion, Uint8Array>;

beforeAll(async () => {
  const made = Object.entries(ORDERS).map(async ([name, text]) => [name, await bfbsOf(text)] as const);
  bfbs = Object.fromEntries(await Promise.all(made)) as Record<OrderVersion, Uint8Array>;
});

interface Asked {
  readonly registry: Registry;
  readonly connected: UnreadableConsumer[];
  ask(method: string, target: string, body?: unknown, contentType?: string): Promise<HttpReply>;
  /** What is answered, which must be JSON with this status. */
  json<Value = unknown>(
    status: number,
    method: string,
    target: string,
    body?: unknown,
    contentType?: string,
  ): Promise<Value>;
}

/** A registry behind its routes; `connected` are the consumers that say what they read. */
async function routes(): Promise<Asked> {
  const registry = await openRegistry();
  const connected: UnreadableConsumer[] = [];
  const consumers = {
    unableToRead: (bindings: readonly { readonly pattern: string }[], canRead: (reader: string) => boolean) =>
      connected.filter(
        ({ filter, reads }) =>
          bindings.some(({ pattern }) => filtersOverlap(pattern, filter)) && !reads.some(canRead),
      ),
  };
  const ask: Asked['ask'] = (method, target, body = new Uint8Array(), contentType = JSON_TYPE) => {
    const [path = '', query] = target.split('?');
    const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body));
    const header = (name: string) => (name === 'content-type' ? contentType : '');
    const { signal: gone } = new AbortController();
    const request = { ...readHead(method, path, query ?? '', header), body: bytes, gone };
    return answerContracts(request, { registry, consumers });
  };
  const json = async <Value>(status: number, ...request: Parameters<Asked['ask']>): Promise<Value> => {
    const reply = await ask(...request);
    expect([reply.status, reply.contentType, reply.body]).toEqual([status, JSON_TYPE, expect.any(String)]);
    return JSON.parse(reply.body as string) as Value;
  };
  return { registry, connected, ask, json };
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('contracts over HTTP', () => {
  it('are registered from bytes, with the rest in the query', async () => {
    const { registry, json } = await routes();
    const target = '/v1/contracts/orders/versions';
    const first = await json(201, 'POST', `${target}?level=FULL&root=shop.Order`, bfbs.v1, BYTES_TYPE);
    const info = registry.contract('orders')!;
    expect(info.level).toBe('FULL');
    expect(first).toMatchObject({ version: info.versions[0], isNew: true, unreadableBy: [] });
    const again = await json(200, 'POST', target, bfbs.v1, BYTES_TYPE);
    expect(again).toMatchObject({ version: info.versions[0], isNew: false, check: { identicalTo: 1 } });
    const other = '/v1/contracts/copies/versions?reference=orders@1';
    expect(await json(400, 'POST', other, bfbs.v2, BYTES_TYPE)).toMatchObject({
      message: expect.stringContaining('shop.Order is not the type that it is in orders@1'),
    });
    const same = await json(201, 'POST', other, bfbs.v1, BYTES_TYPE);
    expect(same).toMatchObject({ version: { references: [{ contract: 'orders', version: 1 }] } });
  });

  it('are registered from JSON', async () => {
    const { json } = await routes();
    const schema = base64(bfbs.v1);
    await json(201, 'POST', '/v1/contracts/orders/versions', { schema });
    const references = [{ contract: 'orders', version: 1 }];
    const body = { schema, root: 'shop.Order', level: 'NONE', references };
    const { version } = await json<{ version: ContractVersion }>(
      201,
      'POST',
      '/v1/contracts/a.b-c_d/versions',
      body,
    );
    expect(version).toMatchObject({ contract: 'a.b-c_d', root: 'shop.Order', references });
  });

  it('are listed and shown, with their bytes', async () => {
    const { registry, ask, json } = await routes();
    const { version } = await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    const info = registry.contract('orders');
    expect(await json(200, 'GET', '/v1/contracts')).toEqual({ contracts: [info] });
    expect(await json(200, 'GET', '/v1/contracts/orders')).toEqual(info);
    expect(await json(200, 'GET', '/v1/contracts/%6frders')).toEqual(info);
    expect(await json(200, 'GET', '/v1/contracts/orders/versions/1')).toEqual(version);
    const { schemaId, root, byteSize, fileIdentifier } = version;
    expect(await json(200, 'GET', `/v1/schemas/${schemaId}?format=json`)).toEqual({
      ...{ schemaId, root, byteSize, fileIdentifier, versions: [version] },
    });
    for (const target of ['/v1/contracts/orders/versions/1', `/v1/schemas/${schemaId}`]) {
      expect(await ask('GET', `${target}?format=bfbs`)).toEqual({
        ...{ status: 200, contentType: BYTES_TYPE, body: bfbs.v1 },
      });
    }
  });

  it('say what a schema would break, and whom', async () => {
    const { registry, connected, json } = await routes();
    const { version } = await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    await registry.bind({ pattern: 'orders.>', use: 'message', contract: 'orders' });
    const consumer = { session: 1, client: 'billing', subscription: 1, filter: 'orders.eu' };
    connected.push({ ...consumer, reads: [version.schemaId] });
    connected.push({ ...consumer, session: 2, filter: 'bills', reads: [version.schemaId] });
    const names = (reply: { unreadableBy: UnreadableConsumer[] }) =>
      reply.unreadableBy.map(({ session }) => session);

    const check = (name: OrderVersion) =>
      json<{ compatible: boolean; unreadableBy: UnreadableConsumer[] }>(
        200,
        'POST',
        '/v1/contracts/orders/check',
        bfbs[name],
        BYTES_TYPE,
      );
    for (const name of ['v1', 'v2'] as const) {
      expect([(await check(name)).compatible, names(await check(name))]).toEqual([true, []]);
    }
    // New readers read old data: the level allows what the one that is connected cannot read.
    expect([(await check('lax')).compatible, names(await check('lax'))]).toEqual([true, [1]]);
    expect([(await check('broken')).compatible, names(await check('broken'))]).toEqual([false, [1]]);
    expect(registry.contract('orders')!.versions).toHaveLength(1);

    const target = '/v1/contracts/orders/versions';
    const refused = await json<{ code: string; message: string; unreadableBy: UnreadableConsumer[] }>(
      ...([409, 'POST', target, bfbs.broken, BYTES_TYPE] as const),
    );
    expect(refused).toMatchObject({
      code: 'INCOMPATIBLE_SCHEMA',
      message: expect.stringContaining('shop.Order.total'),
      check: { compatible: false, against: [{ version: 1 }] },
    });
    expect(names(refused)).toEqual([1]);
    expect(names(await json(201, 'POST', target, bfbs.v2, BYTES_TYPE))).toEqual([]);
    const laxer = await bfbsOf(ORDERS.v2.replace('id:string (required)', 'id:string'));
    expect(names(await json(201, 'POST', target, laxer, BYTES_TYPE))).toEqual([1]);
  });

  it('change their level, and their versions go and come back', async () => {
    const { registry, json } = await routes();
    const { version } = await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    const info = await json<ContractInfo>(200, 'PUT', '/v1/contracts/orders/level', { level: 'FULL' });
    expect(info).toEqual(registry.contract('orders'));
    expect(info.level).toBe('FULL');
    const target = '/v1/contracts/orders/versions/1';
    expect(await json(200, 'DELETE', target)).toEqual({ ...version, deleted: true });
    expect(await json(412, 'POST', '/v1/contracts/orders/versions', bfbs.v1, BYTES_TYPE)).toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
    expect(await json(200, 'POST', `${target}/restore`)).toEqual(version);
  });

  it('are bound to subjects, which tells whom that keeps frames from', async () => {
    const { registry, connected, json } = await routes();
    const { version } = await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    await registry.register({ contract: 'orders', bfbs: bfbs.lax });
    await registry.register({ contract: 'more', bfbs: bfbs.v1 });
    const consumer = { session: 7, client: 'billing', subscription: 1, filter: 'orders.*' };
    connected.push({ ...consumer, reads: [version.schemaId] });
    const binding = { pattern: 'orders.>', use: 'message', contract: 'orders' };
    expect(await json(200, 'PUT', '/v1/bindings', { pattern: 'orders.>', contract: 'orders' })).toEqual({
      ...{ binding, unreadableBy: connected },
    });
    expect(await json(200, 'GET', '/v1/bindings')).toEqual({ bindings: [binding] });
    const other = { ...binding, contract: 'more' };
    expect(await json(409, 'PUT', '/v1/bindings', other)).toMatchObject({ code: 'ALREADY_EXISTS' });
    expect(await json(200, 'PUT', '/v1/bindings', { ...other, replace: true })).toEqual({
      ...{ binding: other, unreadableBy: [] },
    });
    const query = 'pattern=orders.%3E&use=message';
    expect(await json(200, 'DELETE', `/v1/bindings?${query}`)).toEqual({ binding: other });
    expect(await json(404, 'DELETE', `/v1/bindings?${query}`)).toMatchObject({ code: 'NOT_FOUND' });
    await registry.deleteVersion('orders', 1);
    await registry.deleteVersion('orders', 2);
    expect(await json(200, 'PUT', '/v1/bindings', binding)).toEqual({ binding, unreadableBy: [] });
  });

  it.each([
    ['GET', '/v1/contracts/more', 404],
    ['GET', '/v1/contracts/orders/versions/2', 404],
    ['GET', '/v1/contracts/more/versions/1', 404],
    ['DELETE', '/v1/contracts/orders/versions/2', 404],
    ['POST', '/v1/contracts/orders/versions/2/restore', 404],
    ['GET', `/v1/schemas/${'0'.repeat(32)}`, 404],
    ['GET', '/v1/contracts/', 404],
    ['GET', '/v1/contracts/orders/', 404],
    ['GET', '/v1/contracts/a/b/c/d/e', 404],
    ['GET', '/v1/schemas', 404],
    ['PATCH', '/v1/contracts', 405],
    ['GET', '/v1/contracts/orders/versions', 405],
    ['POST', '/v1/bindings', 405],
    ['GET', '/v1/contracts/orders/versions/0', 400],
    ['GET', '/v1/contracts/orders/versions/1e3', 400],
    ['GET', '/v1/contracts/orders/versions/99999999999999999999', 400],
    ['GET', '/v1/contracts/orders/versions/1?format=xml', 400],
    ['GET', '/v1/contracts/orders/versions/1?format=bfbs&format=json', 400],
    ['GET', '/v1/contracts?all=1', 400],
    ['GET', '/v1/contracts/%', 400],
    ['GET', '/v1/contracts/a%2Fb', 400],
    ['GET', '/v1/contracts/%252e', 400],
    ['GET', '/v1/contracts/%2e%2e', 400],
    ['GET', `/v1/contracts/${'a'.repeat(129)}`, 400],
    ['GET', '/v1/schemas/1234', 400],
    ['DELETE', '/v1/bindings', 400],
    ['DELETE', '/v1/bindings?pattern=a&use=all', 400],
  ])('answer %s %s with %i and a reason', async (method, target, status) => {
    const { registry, ask, json } = await routes();
    await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    const { code, message } = await json<{ code: ErrorCode; message: string }>(status, method, target);
    expect(message).toMatch(/expected/);
    expect((await ask(method, target)).allow !== undefined).toBe(status === 405);
    expect(status === 405 ? 405 : ERRORS[code].httpStatus).toBe(status);
  });
});

describe('a body over HTTP', () => {
  const post = (text: unknown) => ['POST', '/v1/contracts/orders/versions', text] as const;
  const put = (text: unknown) => ['PUT', '/v1/bindings', text] as const;
  const bytes = (text: string) => new TextEncoder().encode(text);

  it.each([
    ['nothing', post(bytes(''))],
    ['no JSON', post(bytes('{'))],
    ['no UTF-8', post(new Uint8Array([0x22, 0xff, 0x22]))],
    ['a list', post([])],
    ['null', post(null)],
    ['no schema', post({})],
    ['a schema that is no text', post({ schema: 7 })],
    ['bad base64', post({ schema: 'AA' })],
    ['base64 of another alphabet', post({ schema: '-_-_' })],
    ['base64 of no schema', post({ schema: 'AAAA' })],
    ['an unknown member', post({ schema: 'AAAA', name: 'x' })],
    ['__proto__', post(bytes('{"schema":"AAAA","__proto__":{"root":"x"}}'))],
    ['an unknown level', post({ schema: 'AAAA', level: 'SOME' })],
    ['a root that is no text', post({ schema: 'AAAA', root: {} })],
    ['references that are no list', post({ schema: 'AAAA', references: 'orders@1' })],
    ['a reference without a version', post({ schema: 'AAAA', references: [{ contract: 'orders' }] })],
    ['a fraction of a version', post({ schema: 'AAAA', references: [{ contract: 'a', version: 1.5 }] })],
    ['a huge version', post(bytes('{"schema":"AAAA","references":[{"contract":"a","version":1e400}]}'))],
    ['deep JSON', post(bytes('['.repeat(100_000)))],
    ['a query beside JSON', ['POST', '/v1/contracts/orders/versions?root=A', { schema: 'AAAA' }] as const],
    ['a bad reference', ['POST', '/v1/contracts/a/versions?reference=b', bytes('x'), BYTES_TYPE] as const],
    ['two roots', ['POST', '/v1/contracts/a/check?root=b&root=c', bytes('x'), BYTES_TYPE] as const],
    ['no pattern', put({ contract: 'orders' })],
    ['no contract', put({ pattern: 'orders' })],
    ['no pattern that is one', put({ contract: 'orders', pattern: 'a..b' })],
    ['a use that is none', put({ contract: 'orders', pattern: 'a', use: 'all' })],
    ['a word for a truth', put({ contract: 'orders', pattern: 'a', replace: 'yes' })],
    ['a level that is none', ['PUT', '/v1/contracts/orders/level', { level: 'full' }] as const],
    ['no level', ['PUT', '/v1/contracts/orders/level', {}] as const],
  ])('with %s is refused with a reason', async (_, request) => {
    const { registry, json } = await routes();
    await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    const before = registry.contracts();
    const [method, target, body, contentType] = request;
    const reply = await json<{ code: string; message: string }>(400, method, target, body, contentType);
    expect(reply).toEqual({ code: 'INVALID_ARGUMENT', message: expect.any(String) });
    expect(reply.message.length).toBeLessThan(600);
    expect(registry.contracts()).toEqual(before);
  });

  it.each([
    ['POST', '/v1/contracts/orders/versions'],
    ['POST', '/v1/contracts/orders/check'],
    ['PUT', '/v1/contracts/orders/level'],
    ['PUT', '/v1/bindings'],
  ])('of another media type is refused for %s %s: pages of other origins may send those', async (...to) => {
    const { registry, json } = await routes();
    await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      const { message } = await json<{ message: string }>(415, ...to, { level: 'NONE' }, type);
      expect(message).toMatch(new RegExp(`^content type not supported: expected .*, got ${type || 'none'}$`));
    }
  });

  it('that is too large is refused before it is read', async () => {
    const { json } = await routes();
    for (const [method, target] of [post(0), put(0), ['PUT', '/v1/contracts/orders/level'] as const]) {
      const reply = await json<{ code: string }>(429, method, target, new Uint8Array(2 * 1024 * 1024));
      expect(reply.code).toBe('RESOURCE_EXHAUSTED');
    }
    const large = new Uint8Array(1024 * 1024 + 1);
    const reply = await json<{ message: string }>(429, ...post(large), BYTES_TYPE);
    expect(reply.message).toContain('maxSchemaBytes');
  });

  it('that is any JSON gets a status of the table, and nothing internal', async () => {
    const { registry, ask } = await routes();
    await registry.register({ contract: 'orders', bfbs: bfbs.v1 });
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'DELETE');
    const part = fc.oneof(
      fc.constantFrom('v1', 'contracts', 'bindings', 'orders', 'versions', '1', 'check', 'level', 'restore'),
      fc.string(),
    );
    const members = fc.record(
      {
        ...{ schema: fc.oneof(fc.base64String(), fc.jsonValue()), root: fc.jsonValue() },
        ...{ level: fc.jsonValue(), references: fc.jsonValue(), pattern: fc.jsonValue() },
        ...{ contract: fc.constantFrom('orders', 7), use: fc.jsonValue(), replace: fc.jsonValue() },
      },
      { requiredKeys: [] },
    );
    const targets = fc.oneof(
      fc.constantFrom('/v1/bindings', '/v1/contracts/orders/versions', '/v1/contracts/orders/level'),
      fc.array(part, { maxLength: 6 }).map((parts) => `/v1/contracts/${parts.join('/')}`),
    );
    await fc.assert(
      fc.asyncProperty(method, targets, members, async (of, target, body) => {
        const { status } = await ask(of, target, body);
        expect(status).not.toBe(500);
      }),
      { numRuns: 500 },
    );
  });
});
