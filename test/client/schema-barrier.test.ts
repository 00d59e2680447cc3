import { expect, it } from 'vitest';
import { SchemaBarrier } from '../../src/client/schema-barrier.js';
import { openFrame } from '../../src/codec/index.js';
import { frameOf } from '../support/raw-client.js';

function id(number: number): Uint8Array {
  const bytes = new Uint8Array(16).fill(1);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

it('holds what a broker says of schemas, and lets the oldest through when one never takes anything back', () => {
  const barrier = SchemaBarrier.named();
  const stops = (number: number) => barrier.stops(openFrame(frameOf('free', { schemaId: id(number) })));
  for (let number = 0; number < 4096; number++) barrier.add(id(number));
  expect([stops(0), stops(4095), stops(4096)]).toEqual([true, true, false]);
  barrier.add(id(4096));
  expect([stops(0), stops(1), stops(4096)]).toEqual([false, true, true]);
});
