import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIELD_NAMES } from '../../src/codec/frame-layout.js';
import { forbiddenChanges, parseSchema } from '../support/schema-text.js';

const released = new URL('../fixtures/schemas/', import.meta.url);
const today = new URL('../../schemas/', import.meta.url);
const read = (directory: URL, file: string) => readFileSync(new URL(file, directory), 'utf8');

describe('the schemas of the wire', () => {
  for (const file of readdirSync(released)) {
    it(`only append to what was released in ${file}`, () => {
      const name = `${file.split('-')[0]}.fbs`;
      expect(forbiddenChanges(parseSchema(read(released, file)), parseSchema(read(today, name)))).toEqual([]);
    });
  }

  it('are read as they are written', () => {
    const frame = parseSchema(read(today, 'frame.fbs')).declarations.get('Frame')!;
    const names = frame.members.map((member) => member.split(':')[0]!);
    expect(names.map((name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()))).toEqual(
      FIELD_NAMES,
    );
  });

  const frame = read(today, 'frame.fbs');
  const edits: readonly [what: string, from: string | RegExp, to: string, change: RegExp][] = [
    [
      'a field of another type',
      'subject:string',
      'subject:[ubyte]',
      /Frame: subject:string \(required\) became/,
    ],
    [
      'a field that is gone',
      '  payload:[ubyte] (force_align: 8);',
      '',
      /Frame: payload.* became trace:Trace/,
    ],
    [
      'fields in another order',
      /(trace:Trace;)\s+(correlation_id:Id;)/,
      '$2 $1',
      /Frame: trace:Trace became/,
    ],
    ['a field no longer required', 'origin:Origin (required)', 'origin:Origin', /Frame: origin/],
    ['a struct that has grown', 'span_id:[ubyte:8];', 'span_id:[ubyte:8]; more:ubyte;', /Trace/],
    [
      'a struct that has grown at its end',
      '  flags:ubyte;',
      '  flags:ubyte; more:ubyte;',
      /struct Trace has grown/,
    ],
    ['an enum renumbered', 'reply = 2', 'reply = 5', /Kind: reply = 2 became reply = 5/],
    ['another identifier', 'MCP1', 'MCP2', /file_identifier "MCP1" is gone/],
    ['a table renamed', 'table Header', 'table Headers', /table Header is gone/],
    [
      'a new required field',
      'headers:[Header];',
      'headers:[Header]; more:string (required);',
      /new and required/,
    ],
  ];

  it.each(edits)('may not have %s', (_, from, to, change) => {
    const edited = frame.replace(from, to);
    expect(edited).not.toBe(frame);
    expect(forbiddenChanges(parseSchema(frame), parseSchema(edited)).join('\n')).toMatch(change);
  });

  it('may have a field, an enum value and a table more', () => {
    const edited = frame
      .replace('headers:[Header];', 'headers:[Header]; region:string;')
      .replace('cancel = 4,', 'cancel = 4, probe = 5,')
      .replace('table Frame', 'table Region { name:string; } table Frame');
    expect(forbiddenChanges(parseSchema(frame), parseSchema(edited))).toEqual([]);
  });
});
