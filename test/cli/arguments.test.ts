import { describe, expect, it } from 'vitest';
import { type OptionSpec, parseArguments } from '../../src/cli/arguments.js';

const OPTIONS: readonly OptionSpec[] = [
  { name: 'count', short: 'n', value: 'N', about: '' },
  { name: 'header', short: 'H', value: 'NAME=VALUE', multiple: true, about: '' },
  { name: 'file', value: 'FILE', about: '' },
  { name: 'json', about: '' },
];
const parse = (...args: string[]) => parseArguments('pub', OPTIONS, args);

describe('the arguments of a command', () => {
  it('are flags, anywhere and in every spelling, and the rest in its order', () => {
    const args = parse(
      'a',
      '--count=1',
      '-H',
      'x=1',
      'b',
      '--json',
      '--header',
      'y=2',
      '-n',
      '3',
      '--file',
      '-',
    );
    expect(args.positionals).toEqual(['a', 'b']);
    expect(args.text('count')).toBe('3');
    expect(args.texts('header')).toEqual(['x=1', 'y=2']);
    expect(args.has('json')).toBe(true);
    expect(args.text('file')).toBe('-');
    expect(args.text('help')).toBeUndefined();
  });

  it('may begin with a dash behind --', () => {
    expect(parse('a', '--json', '--', '-5', '--count').positionals).toEqual(['a', '-5', '--count']);
  });

  it.each([
    [['--cuont', '1'], 'modwire pub has no flag --cuont; did you mean --count?'],
    [['--zzz'], 'modwire pub has no flag --zzz; see modwire pub --help'],
    [['-5'], 'has no flag -5; see modwire pub --help; write -- in front of arguments that begin with a dash'],
    [['--count'], '--count needs a value: expected --count N, got nothing after it'],
    [['--count', '--json'], '--count needs a value: expected --count N, got --json; write --count=--json'],
    [['-n', '-1'], '-n needs a value: expected -n N, got -1'],
    [['--json=yes'], '--json takes no value: got "yes"'],
  ])('%j are refused: %s', (args, message) => {
    expect(() => parse(...args)).toThrow(message);
    expect(() => parse(...args)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('are read as quantities in range', () => {
    expect(parse('--count', '5').quantity('count', 'count', 1, 10)).toBe(5);
    expect(parse().quantity('count', 'count', 1, 10)).toBeUndefined();
    for (const text of ['0', '11', 'x', '1.5', '=']) {
      expect(() => parse(`--count=${text}`).quantity('count', 'count', 1, 10)).toThrow(
        `--count is not valid: expected a whole number from 1 to 10, got "${text}"`,
      );
    }
  });

  it('are counted', () => {
    expect(() => parse().expectPositionals(1, 2, 'pub SUBJECT')).toThrow(
      'expected modwire pub SUBJECT, got none',
    );
    expect(() => parse('a', 'b', 'c').expectPositionals(1, 2, 'pub SUBJECT')).toThrow('too many arguments');
    parse('a', 'b').expectPositionals(1, 2, 'pub SUBJECT');
  });
});
