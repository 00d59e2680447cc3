import { describe, expect, it } from 'vitest';
import { fitLine } from '../../../src/cli/output/fit-line.js';
import { createStyle } from '../../../src/cli/output/style.js';

const { red, bold } = createStyle(true);

describe('a line that is to fit', () => {
  it.each([
    ['as it is when it does', 'some text', 9, 'some text'],
    ['without its end when it does not', 'some text', 6, 'some t'],
    ['by characters, whatever they take in memory', '█🙂█🙂', 3, '█🙂█'],
    ['with its colours, which take no room', `${red('ab')}${bold('cd')}`, 3, `${red('ab')}${bold('c')}`],
    ['with what turns colours off behind its end', `a${red('bc')}d`, 1, `a${red('')}`],
    ['without anything but colours when there is no room', red('ab'), 0, red('')],
  ])('is shown %s', (_, line, columns, shown) => {
    expect(fitLine(line, columns)).toBe(shown);
  });
});
