import { describe, expect, it } from 'vitest';
import { parseDemoOptions } from '../../src/demo/options.js';

describe("the demo's flags", () => {
  it('have defaults', () => {
    expect(parseDemoOptions([])).toEqual({
      durationSeconds: 15,
      arrivals: { kind: 'generated', rate: 500 },
      seed: 1,
      json: false,
    });
    expect(parseDemoOptions(['--trace', 'a.csv'])!.arrivals).toEqual({
      kind: 'trace',
      path: 'a.csv',
      speed: 1,
    });
  });

  it('say what is sent', () => {
    expect(parseDemoOptions(['--duration', '2.5', '--rate=50', '--seed', '9', '--json'])).toEqual({
      durationSeconds: 2.5,
      arrivals: { kind: 'generated', rate: 50 },
      seed: 9,
      json: true,
    });
    expect(parseDemoOptions(['--trace=-odd-.csv', '--speed', '60', '--duration', '30'])).toEqual({
      durationSeconds: 30,
      arrivals: { kind: 'trace', path: '-odd-.csv', speed: 60 },
      seed: 1,
      json: false,
    });
  });

  it('ask for help, whatever else there is', () => {
    expect(parseDemoOptions(['--help'])).toBeUndefined();
    expect(parseDemoOptions(['-h', '--speed', '3'])).toBeUndefined();
  });

  it.each([
    [['--duration', '0'], '--duration is not valid: expected a number from 0.1 to 86400, got "0"'],
    [['--duration', '1e3'], '--duration is not valid: expected a number from 0.1 to 86400, got "1e3"'],
    [['--duration=-1'], '--duration is not valid: expected a number from 0.1 to 86400, got "-1"'],
    [['--rate', 'fast'], '--rate is not valid: expected a number from 0.1 to 100000, got "fast"'],
    [
      ['--trace', 'a.csv', '--speed', '0'],
      '--speed is not valid: expected a number from 0.001 to 1000000, got "0"',
    ],
    [['--seed', '1.5'], '--seed is not valid: expected a whole number from 0 to 4294967295, got "1.5"'],
    [
      ['--seed', '4294967296'],
      '--seed is not valid: expected a whole number from 0 to 4294967295, got "4294967296"',
    ],
    [['--speed', '2'], '--speed belongs to a trace: expected --trace FILE beside it'],
    [['--trace', 'a.csv', '--rate', '2'], '--rate is of generated requests: expected no --trace beside it'],
    [['--tracer', 'a.csv'], "Unknown option '--tracer'"],
    [['file.csv'], "Unexpected argument 'file.csv'"],
    [['--trace'], "'--trace <value>' argument missing"],
  ])('%j is refused', (args, text) => {
    const parse = () => parseDemoOptions(args);
    expect(parse).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(parse).toThrow(text);
  });
});
