import { ID_HASH_WORDS } from '../../routing/calls/id-map.js';

let numbers: Int32Array | undefined;

/** Random numbers for maps of ids, which may share them: all clients of a process do. */
export function idRandom(): Int32Array {
  numbers ??= crypto.getRandomValues(new Int32Array(ID_HASH_WORDS));
  return numbers;
}
