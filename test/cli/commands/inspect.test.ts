import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ContentType, encodeControl, FrameWriter } from '../../../src/codec/index.js';
import { cleanUp, folder } from '../cli-run.js';
import { runHere } from '../run-here.js';

afterEach(cleanUp);

const id = (byte: number) => new Uint8Array(16).fill(byte);
const frame = new FrameWriter().encode({
  subject: 'features.user.42',
  id: id(7),
  publishedAt: 1_795_457_110_801_023,
  contentType: ContentType.json,
  headers: [
    ['tenant', 'x'],
    ['colour', '\u001b[31m'],
  ],
  payload: new TextEncoder().encode('{"age":7}'),
});
const tensor = new FrameWriter().encode({
  subject: 'tensors.a',
  id: id(8),
  publishedAt: 1,
  contentType: ContentType.tensor,
  payload: Uint8Array.from({ length: 20 }, (_, index) => index),
});
const ack = encodeControl({ type: 'ack', entries: [{ id: id(7), epoch: 5, sequence: 1 }] });
const goodbye = encodeControl({ type: 'goodbye', code: 14, message: 'restarting', graceMs: 100 });

const at = (offset: number) => `0x${offset.toString(16).padStart(4, '0')}`;

function inspect(bytes: Uint8Array, ...flags: string[]) {
  return runHere(['inspect', '-', ...flags], { input: bytes });
}

/** A copy of some bytes with one of them changed. */
function changed(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[offset] = value;
  return copy;
}

describe('modwire inspect', () => {
  it('shows a frame with all its fields', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'frame.bin'), frame);
    const { code, lines, stderr } = await runHere(['inspect', 'frame.bin'], { cwd });
    expect([code, stderr]).toEqual([0, '']);
    const payloadAt = frame.length - Buffer.from(frame).reverse().indexOf(Buffer.from('}7:"ega"{')) - 9;
    expect(lines).toEqual([
      `entry 1: frame, ${frame.length} bytes at 0x0000`,
      '  subject      features.user.42',
      '  sequence     0',
      '  epoch        0',
      '  id           07070707-0707-0707-0707-070707070707',
      '  traceId      07070707070707070707070707070707',
      '  spanId       0707070707070707',
      '  publishedAt  2026-11-23T18:05:10.801023Z',
      '  contentType  json',
      '  kind         message',
      '  priority     0',
      '  headers      tenant: x',
      '               colour: \\u001b[31m',
      `  payload      9 bytes of json at ${at(payloadAt)}`,
      '    {"age":7}',
    ]);
  });

  it('shows every entry of a batch, control messages too', async () => {
    const { code, stdout } = await inspect(Buffer.concat([frame, ack, tensor, goodbye]));
    expect(code).toBe(0);
    const [first, second, third, fourth, ...more] = stdout.split('\n\n');
    expect(more).toEqual([]);
    expect(first).toContain('entry 1: frame');
    expect(second!.split('\n')).toEqual([
      `entry 2: control message ack, ${ack.length} bytes at ${at(frame.length)}`,
      '  entries  {"id":"07070707-0707-0707-0707-070707070707","epoch":5,"sequence":1}',
    ]);
    expect(third).toContain(`entry 3: frame, ${tensor.length} bytes at ${at(frame.length + ack.length)}`);
    expect(third).toMatch(
      / {4}0x[0-9a-f]{4} {2}00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f {2}\.{16}\n {4}0x/,
    );
    expect(fourth!.trimEnd().split('\n').slice(1)).toEqual([
      '  code     14',
      '  message  restarting',
      '  graceMs  100',
    ]);
  });

  it('prints one JSON object for each entry with --json', async () => {
    const broken = changed(ack, 4, 3);
    const { code, lines } = await inspect(Buffer.concat([frame, broken, goodbye]), '--json');
    expect(code).toBe(65);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        ...{ entry: 1, offset: 0, size: frame.length, kind: 'frame' },
        frame: { subject: 'features.user.42', payload: { age: 7 } },
      },
      {
        ...{ entry: 2, offset: frame.length, size: ack.length, kind: 'malformed' },
        violation: { rule: 'rootOffset', path: '', offset: frame.length + 4, offsetInEntry: 4 },
      },
      {
        entry: 3,
        kind: 'control',
        message: { type: 'goodbye', code: 14, message: 'restarting', graceMs: 100 },
      },
    ]);
  });

  it('says which rule, field and byte are wrong, and shows the bytes around it', async () => {
    const subjectAt = Buffer.from(tensor).indexOf('tensors.a');
    const { code, stdout, stderr } = await inspect(
      Buffer.concat([frame, changed(tensor, subjectAt + 9, 0x41)]),
    );
    const offset = frame.length + subjectAt + 9;
    expect(code).toBe(65);
    expect(stderr).toBe(
      `modwire: MALFORMED_FRAME: entry 2 does not verify: subject: a string has no terminating zero (standard input, rule stringTerminator, at ${at(offset)})\n`,
    );
    const lines = stdout.split('\n\n')[1]!.split('\n');
    expect(lines.slice(0, 5)).toEqual([
      `entry 2: does not verify, ${tensor.length} bytes at ${at(frame.length)}`,
      '  rule    stringTerminator',
      '  field   subject',
      `  offset  ${at(offset)} (${at(subjectAt + 9)} in the entry)`,
      '  reason  subject: a string has no terminating zero',
    ]);
    const mark = lines.findIndex((line) => line.trim() === '^^');
    const column = lines[mark]!.indexOf('^^');
    expect(lines[mark - 1]!.trim().slice(0, 6)).toBe(at(offset - (offset % 16)));
    expect(lines[mark - 1]!.slice(column, column + 2)).toBe('41');
  });

  it.each([
    ['that is cut off', frame.subarray(0, 100), 'sizePrefix', 0],
    ['of another kind', changed(frame, 8, 0x58), 'identifier', 8],
    ['of a few bytes', frame.subarray(0, 5), 'tooShort', 0],
    ['of text', new TextEncoder().encode('{"subject":"a"}\n'), 'sizePrefix', 0],
  ])('explains a file %s', async (_, bytes, rule, offset) => {
    const { code, stdout, stderr } = await inspect(bytes);
    expect(code).toBe(65);
    expect(stdout).toContain(`rule    ${rule}\n  offset  ${at(offset)}\n`);
    expect(stderr).toContain(`rule ${rule}, at ${at(offset)}`);
  });

  it('sees that the size prefix was forgotten', async () => {
    const { code, stderr } = await inspect(frame.subarray(4));
    expect(code).toBe(65);
    expect(stderr).toContain('the size prefix is missing: 4 bytes in front');
  });

  it('finds no frame in an empty file: MALFORMED_FRAME', async () => {
    expect(await inspect(new Uint8Array(0))).toMatchObject({
      code: 65,
      stderr: 'modwire: MALFORMED_FRAME: no frame: expected bytes, got none (standard input)\n',
    });
  });

  it('needs a file that it can read', async () => {
    expect((await runHere(['inspect', '/no/such/file'])).code).toBe(22);
    expect((await runHere(['inspect', '/'])).stderr).toContain('cannot read the file');
    expect((await runHere(['inspect'])).code).toBe(2);
  });
});
