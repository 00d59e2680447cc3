import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readInput } from '../../src/cli/input.js';
import { Output } from '../../src/cli/output/output.js';
import type { Terminal } from '../../src/cli/terminal.js';

function terminal(input: Readable): Terminal {
  const [stdout, stderr] = [new Output(process.stdout, {}), new Output(process.stderr, {})];
  const whenInterrupted = () => new AbortController().signal;
  return { stdin: input, stdout, stderr, env: {}, cwd: '/', whenInterrupted };
}

describe('what a command reads', () => {
  it('is all of its standard input', async () => {
    const input = Readable.from([Buffer.from('ab'), Buffer.from('c')]);
    expect(Buffer.from(await readInput('-', 3, terminal(input))).toString()).toBe('abc');
  });

  it.each(['/dev/zero', '-'])('has a bound: %s', async (path) => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(10));
      },
    });
    await expect(readInput(path, 1_000, terminal(endless))).rejects.toThrow('expected at most 1000 bytes');
  });
});
