import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Output } from '../../../src/cli/output/output.js';

class Captured extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';

  constructor(isTTY: boolean, columns = 20) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function written(isTTY: boolean, env: NodeJS.ProcessEnv): Promise<string> {
  const stream = new Captured(isTTY);
  const output = new Output(stream as unknown as NodeJS.WriteStream, env);
  await output.line('begin');
  output.overwrite('1 of 3');
  output.overwrite('3 of 3, a line that is too long for this');
  await output.line('end');
  output.overwrite('gone');
  output.overwrite('');
  await output.line('after');
  return stream.text;
}

describe('an output', () => {
  it('writes a line over the one before on a terminal, in its width, and goes on below it', async () => {
    const clear = '\r\u001b[2K';
    expect(await written(true, {})).toBe(
      `begin\n${clear}1 of 3${clear}3 of 3, a line that\nend\n${clear}gone${clear}after\n`,
    );
  });

  it.each([
    ['in a pipe', false, {}],
    ['on a dumb terminal', true, { TERM: 'dumb' }],
  ])('writes nothing over anything %s', async (_, isTTY, env) => {
    expect(await written(isTTY, env)).toBe('begin\nend\nafter\n');
  });

  it('draws lines over those that it drew before, in its width, and goes on below them', async () => {
    const stream = new Captured(true);
    const output = new Output(stream as unknown as NodeJS.WriteStream, {});
    output.redraw(['one', 'a line that is too long for this']);
    output.redraw(['two']);
    await output.line('end');
    output.redraw(['three']);
    const clear = '\u001b[2K';
    expect(stream.text).toBe(
      `${clear}one\n${clear}a line that is too \n\u001b[J\u001b[2F${clear}two\n\u001b[Jend\n${clear}three\n\u001b[J`,
    );
  });

  it('takes a terminal that does not know its width for one of 80 columns', () => {
    const stream = new Captured(true, 0);
    expect(new Output(stream as unknown as NodeJS.WriteStream, {}).columns).toBe(80);
  });
});
