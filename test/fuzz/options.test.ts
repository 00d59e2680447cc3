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
    expect(parseOptions([])).toMatchObject({ target: 'wire', frames: 1_000_000, broker: true });
    const contracts = parseOptions(['--target', 'contracts', '--payloads', '5000000']);
    expect(contracts).toMatchObject({ target: 'contracts', payloads: 5_000_000 });
  });

  it.each([
    [['--frames', 'many'], '--frames'],
    [['--frames', '-1'], '--frames'],
    [['--seed', '4294967296'], '--seed'],
    [['--duration', '0'], '--duration'],
    [['--duration', 'x'], '--duration'],
    [['--broker', '--no-broker'], 'choose one'],
    [['--target', 'dashboard'], 'wire or contracts'],
    [['--payloads', '5'], '--target wire'],
    [['--target', 'contracts', '--frames', '5'], '--target contracts'],
    [['--target', 'contracts', '--no-broker'], '--target contracts'],
    [['--fast'], '--help lists'],
    [['frames'], '--help lists'],
  ])('refuse %j', (args, mention) => {
    expect(() => parseOptions(args)).toThrow(ModwireError);
    expect(() => parseOptions(args)).toThrow(mention);
  });
});
