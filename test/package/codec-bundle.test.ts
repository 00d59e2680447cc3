import { createContext, runInContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { openFrame } from '../../src/codec/open-frame.js';
import { type BrowserBundle, bundleForBrowser } from '../support/browser-bundle.js';
import { buildGenerated } from '../support/generated-frame.js';
import { expectOnlyBrowserModules } from './browser-modules.js';

const KIB = 1024;

/** What the bundle offers to whoever loads it, in a form that crosses from one realm to another. */
interface Bundled {
  write(subject: string, tenant: string, payload: readonly number[]): Uint8Array;
  read(bytes: Uint8Array): string;
}

const PROGRAM = `
import { FrameWriter, IdGenerator, openFrame } from 'modwire/codec';
const ids = new IdGenerator();
globalThis.bundled = {
  write(subject, tenant, payload) {
    const id = new Uint8Array(16);
    ids.nextId(id, 1_700_000_000_000);
    const headers = [['tenant', tenant]];
    return new FrameWriter().encode({ subject, id, publishedAt: 5, headers, payload: Uint8Array.from(payload) });
  },
  read(bytes) {
    const { subject, headers, payload } = openFrame(bytes);
    return [subject, headers.join(), payload.join()].join(' ');
  },
};
`;

describe('modwire/codec, bundled for a browser', () => {
  let bundle: BrowserBundle;
  let bundled: Bundled;
  beforeAll(async () => {
    bundle = await bundleForBrowser(PROGRAM);
    bundled = runInBareContext(bundle.code);
  });

  test('needs nothing of Node.js and no shims', async () => {
    expectOnlyBrowserModules(bundle);
    expectOnlyBrowserModules(await bundleForBrowser(everythingOf('modwire/codec')));
  });

  test('writes frames where there is nothing but the language, text coding and crypto', () => {
    const frame = openFrame(new Uint8Array(bundled.write('models.größe', 'acme 🐘', [0, 127, 255])));

    expect(frame.subject).toBe('models.größe');
    expect(frame.headers).toEqual([['tenant', 'acme 🐘']]);
    expect([...frame.payload]).toEqual([0, 127, 255]);
    expect(frame.publishedAt).toBe(5);
  });

  test('verifies and reads there what others wrote', () => {
    const bytes = buildGenerated({
      subject: 'models.größe',
      id: new Uint8Array(16).fill(7),
      publishedAt: 5,
      headers: [['tenant', 'acme 🐘']],
      payload: Uint8Array.of(0, 127, 255),
    });

    expect(bundled.read(bytes)).toBe('models.größe tenant,acme 🐘 0,127,255');
  });

  test('refuses there what is not a frame', () => {
    const bytes = bundled.write('models.ranker', 'acme', [1, 2, 3]);
    for (let at = 0; at < 12; at++) {
      const broken = new Uint8Array(bytes);
      broken[at]! ^= 0x81;
      expect(() => bundled.read(broken)).toThrow(/^not a frame: /);
    }
  });

  test('leaves FlatBuffers out of a program that only has frames, and so stays small', async () => {
    expect(bundle.kept.filter((path) => path.includes('node_modules'))).toEqual([]);
    expect(bundle.byteLength).toBeLessThan(24 * KIB);
    expect((await bundleForBrowser(everythingOf('modwire/codec'))).byteLength).toBeLessThan(120 * KIB);
  });
});

describe('modwire, bundled for a browser', () => {
  let bundle: BrowserBundle;
  beforeAll(async () => {
    bundle = await bundleForBrowser(everythingOf('modwire'));
  });

  test('takes the WebSocket of the browser, and no module of Node.js, ws or uWebSockets.js', () => {
    expectOnlyBrowserModules(bundle);
    expect(bundle.inputs).toContain('dist/client/socket-browser.js');
    expect(bundle.inputs).not.toContain('dist/client/socket-node.js');
  });

  test('has nothing of the broker in it, and so stays small', () => {
    expect(bundle.inputs.filter((path) => path.startsWith('dist/broker/'))).toEqual([]);
    expect(bundle.byteLength).toBeLessThan(250 * KIB);
  });

  test('leaves what contracts are made of out of a program that has none', async () => {
    const { kept, byteLength } = await bundleForBrowser(
      `import { connect, ModwireError } from 'modwire'; globalThis.all = { connect, ModwireError };`,
    );
    const parts = kept.filter((path) => /^dist\/contracts\/|@noble/.test(path));
    expect(parts).toEqual(['dist/contracts/contract-mark.js']);
    expect(byteLength).toBeLessThan(208 * KIB);
  });
});

test('a bundle for a browser that needs Node.js is found out', async () => {
  await expect(bundleForBrowser(everythingOf('modwire/broker'))).rejects.toThrow(/Could not resolve "node:/);
  const bundle = await bundleForBrowser(everythingOf('ws'));
  expect(() => expectOnlyBrowserModules(bundle)).toThrow();
});

function everythingOf(name: string): string {
  return `import * as all from '${name}'; globalThis.all = all;`;
}

function runInBareContext(code: string): Bundled {
  const context = createContext({ TextEncoder, TextDecoder, crypto });
  runInContext(code, context);
  return (context as unknown as { bundled: Bundled }).bundled;
}
