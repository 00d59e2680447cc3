import { ModwireError } from 'modwire/codec';
import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.js';

describe('the options of the fuzzer', () => {
  it('are read', () => {
    expect(
      parseOptions(['--frames', '10_000_000', '--seed', '7', '--no-broker', '--duration', '1.5']),
    ).toMatchObject({
      frames: 10_000_000,
      seed: 7,
      start: 0,
      broker: false,
      durationMs: 1500,
    });
    expect(parseOptions([])).toMatchObject({ frames: 1_000_000, broker: true });
  });

  it.each([
    [['--frames', 'many'], '--frames'],
    [['--frames', '-1'], '--frames'],
    [['--seed', '4294967296'], '--seed'],
    [['--duration', '0'], '--duration'],
    [['--duration', 'x'], '--duration'],
    [['--broker', '--no-broker'], 'choose one'],
    [['--fast'], '--help lists'],
    [['frames'], '--help lists'],
  ])('refuse %j', (args, mention) => {
    expect(() => parseOptions(args)).toThrow(ModwireError);
    expect(() => parseOptions(args)).toThrow(mention);
  });
});
