import { createContext, runInContext } from 'node:vm';
import { beforeAll, expect, test } from 'vitest';
import { decodeInferRequest, encodeInferResponse, tensor } from '../../src/tensors/index.js';
import { type BrowserBundle, bundleForBrowser } from '../support/browser-bundle.js';
import { expectOnlyBrowserModules } from './browser-modules.js';

const KIB = 1024;

/** What the bundle offers to whoever loads it, in a form that crosses from one realm to another. */
interface Bundled {
  request(values: readonly number[]): Uint8Array;
  scores(response: Uint8Array): string;
}

const PROGRAM = `
import { decodeInferResponse, encodeInferRequest, tensor } from 'modwire/tensors';
globalThis.bundled = {
  request(values) {
    const inputs = [tensor('FP16', [values.length], values, { name: 'x' })];
    return encodeInferRequest({ modelName: 'größe', inputs });
  },
  scores: (response) => decodeInferResponse(response).output('scores').toFloat32().join(),
};
`;

let bundle: BrowserBundle;
let bundled: Bundled;
beforeAll(async () => {
  bundle = await bundleForBrowser(PROGRAM);
  const context = createContext({ TextEncoder, TextDecoder, atob });
  runInContext(bundle.code, context);
  bundled = (context as unknown as { bundled: Bundled }).bundled;
});

test('tensors in a browser need nothing of Node.js, and convert halves without the addon', async () => {
  const all = await bundleForBrowser(`import * as all from 'modwire/tensors'; globalThis.all = all;`);
  for (const one of [bundle, all]) {
    expectOnlyBrowserModules(one);
    expect(one.inputs).toContain('dist/codec/half-float.js');
    expect(one.inputs.filter((path) => path.startsWith('dist/native/'))).toEqual([]);
  }
});

test('tensors of a browser are those of Node.js, there and back', () => {
  const request = decodeInferRequest(new Uint8Array(bundled.request([0.5, -2, 65_504])));
  expect(request.modelName).toBe('größe');
  expect(request.input('x').toFloat32()).toEqual(Float32Array.of(0.5, -2, 65_504));

  const outputs = [tensor('BF16', [2], [1.5, -0.25], { name: 'scores' })];
  expect(bundled.scores(encodeInferResponse({ modelName: 'm', outputs }))).toBe('1.5,-0.25');
});

test('tensors without a client leave the client out, and so stay small', () => {
  expect(bundle.kept.filter((path) => path.startsWith('dist/client/'))).toEqual([]);
  expect(bundle.byteLength).toBeLessThan(94 * KIB);
});

test('a program with a client and no tensors carries nothing of them', async () => {
  const { kept } = await bundleForBrowser(`import { connect } from 'modwire'; globalThis.all = connect;`);
  expect(kept.filter((path) => /tensors|inference|half-float/.test(path))).toEqual([]);
});
