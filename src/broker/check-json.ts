import { setImmediate as turn } from 'node:timers/promises';
import { ByteStack } from '../contracts/json/byte-stack.js';
import { JsonScanner } from '../contracts/json/json-scanner.js';

/** Values looked at before others get their turn of the event loop: a millisecond or so. */
const VALUES_A_TURN = 8_192;

const ARRAY = 0;
const OBJECT = 1;

/**
 * Resolves when a text is JSON in UTF-8. Rejects with INVALID_ARGUMENT that names the byte. However large and deep it
 * is, it builds nothing, and does not keep the event loop.
 */
export async function checkJson(text: Uint8Array): Promise<void> {
  const scanner = new JsonScanner(text);
  const open = new ByteStack();
  let left = VALUES_A_TURN;
  do {
    if (left-- === 0) {
      await turn();
      left = VALUES_A_TURN;
    }
    const kind = scanner.kind();
    if (kind === 'array' && scanner.firstElement()) open.pushByte(ARRAY);
    else if (kind === 'object' && scanner.firstKey() !== undefined) open.pushByte(OBJECT);
    else {
      if (kind !== 'array' && kind !== 'object') scanner.skip();
      leave(scanner, open);
    }
  } while (open.length > 0);
  scanner.end();
}

/** After a value: leaves all that end with it. */
function leave(scanner: JsonScanner, open: ByteStack): void {
  while (open.length > 0) {
    const isObject = open.bytes[open.length - 1] === OBJECT;
    if (isObject ? scanner.nextKey() !== undefined : scanner.nextElement()) return;
    open.drop(open.length - 1);
  }
}
