import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ID_BYTES } from '../../../src/codec/frame-layout.js';
import { IdGenerator, toHex } from '../../../src/codec/message-id.js';
import { ID_HASH_WORDS, IdMap } from '../../../src/routing/calls/id-map.js';

const random = crypto.getRandomValues(new Int32Array(ID_HASH_WORDS));

/** Hashes as they are meant to be; all the same; and of the last byte only, which lie side by side. */
const HASHES: Readonly<Record<string, Int32Array>> = {
  'random hashes': random,
  'one hash for all': new Int32Array(ID_HASH_WORDS),
  'hashes side by side': new Int32Array(ID_HASH_WORDS).map((_, at) => (at >= 15 * 256 ? at % 256 : 0)),
  'hashes around the end': new Int32Array(ID_HASH_WORDS).map((_, at) => (at >= 15 * 256 ? (at % 8) - 4 : 0)),
};

/** Few enough to meet again, and alike: they differ in one byte at most two. */
const someId = fc.tuple(fc.nat(ID_BYTES - 1), fc.nat(40), fc.nat(3)).map(([at, byte, last]) => {
  const id = new Uint8Array(ID_BYTES);
  id[at] = byte;
  id[ID_BYTES - 1] = last;
  return id;
});

const action = fc.tuple(fc.constantFrom('set', 'set', 'find', 'delete'), someId);

describe.each(Object.entries(HASHES))('a map of message ids with %s', (_, words) => {
  it('does what a map from text does, wherever ids lie', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 200, size: 'max' }), fc.nat(9), (actions, before) => {
        const map = new IdMap<number>(words);
        const model = new Map<string, number>();
        for (const [number, [what, id]] of actions.entries()) {
          const bytes = new Uint8Array(before + ID_BYTES + 3).fill(0xa5);
          bytes.set(id, before);
          const key = toHex(id);
          expect(map.find(bytes, before)).toBe(model.get(key));
          if (what === 'set') {
            expect(map.set(bytes, before, number)).toBe(!model.has(key));
            model.set(key, number);
          } else if (what === 'delete') {
            expect(map.delete(bytes, before)).toBe(model.get(key));
            model.delete(key);
          }
          bytes.fill(0);
          expect(map.size).toBe(model.size);
        }
        for (const [, id] of actions) expect(map.find(id, 0)).toBe(model.get(toHex(id)));
      }),
    );
  });
});

describe('a map of message ids', () => {
  it('keeps many, as generators make them, through growth and deletion', () => {
    const count = 20_000;
    const ids = new Uint8Array(count * ID_BYTES);
    const generator = new IdGenerator();
    const map = new IdMap<number>(random);
    for (let number = 0; number < count; number++) {
      generator.nextId(ids.subarray(number * ID_BYTES, (number + 1) * ID_BYTES), 1_764_000_000_000);
      expect(map.set(ids, number * ID_BYTES, number)).toBe(true);
    }
    for (let number = 0; number < count; number += 2) map.delete(ids, number * ID_BYTES);
    let wrong = 0;
    for (let number = 0; number < count; number++) {
      if (map.find(ids, number * ID_BYTES) !== (number % 2 === 0 ? undefined : number)) wrong++;
    }
    expect({ wrong, size: map.size }).toEqual({ wrong: 0, size: count / 2 });
  });
});
