import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Memory } from '../../src/codec/memory.js';
import { compileProgram } from '../../src/contracts/compile-program.js';
import { payloadFromJson } from '../../src/contracts/json/payload-from-json.js';
import { payloadToJson } from '../../src/contracts/json/payload-to-json.js';
import type { Program } from '../../src/contracts/program.js';
import { ProgramVerifier } from '../../src/contracts/program-verifier.js';
import { FlatcTranscoder } from '../support/flatc-transcoder.js';
import { jsonArbitrary } from '../support/json-arbitrary.js';
import { ALL_FEATURES } from '../support/transcoding-schemas.js';

let flatc: FlatcTranscoder;
let program: Program;

beforeAll(async () => {
  flatc = await FlatcTranscoder.of(ALL_FEATURES);
  program = compileProgram(flatc.schema, flatc.root);
});

const bytesOf = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
const write = (json: unknown) => payloadFromJson(flatc.schema, flatc.root, bytesOf(json));
const textOf = (payload: Uint8Array) =>
  new TextDecoder('utf-8', { fatal: true }).decode(payloadToJson(flatc.schema, flatc.root, payload));
const read = (payload: Uint8Array) => JSON.parse(textOf(payload));
const violationOf = (payload: Uint8Array) =>
  new ProgramVerifier().verify(program, new Memory(payload), 0, payload.length);

describe('JSON beside flatc', () => {
  it('reads in payloads of either writer what flatc reads', () => {
    fc.assert(
      fc.property(jsonArbitrary(flatc.schema, flatc.root), (json) => {
        const ours = write(json);
        const theirs = flatc.payload(JSON.stringify(json));
        const expected = flatc.json(theirs);
        expect(flatc.json(ours)).toEqual(expected);
        expect(read(ours)).toEqual(expected);
        expect(read(theirs)).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('writes payloads that verify, as flatc does', () => {
    fc.assert(
      fc.property(jsonArbitrary(flatc.schema, flatc.root), (json) => {
        const payload = write(json);
        expect(violationOf(payload)).toBeUndefined();
        expect(payload.length % 8).toBe(0);
        expect(violationOf(flatc.payload(JSON.stringify(json)))).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});
