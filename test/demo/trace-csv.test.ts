import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseTrace, readTrace, TRACE_HEADER, type TraceRow } from '../../src/demo/trace-csv.js';
import { collect } from './collect.js';

const ROW = '2023-11-16 18:15:46.6805900,374,44';

async function rowsOf(...chunks: string[]): Promise<TraceRow[]> {
  return collect(parseTrace(chunks, 'a.csv'));
}

/** Times of rows with these timestamps. Microseconds since the first. */
async function timesOf(...timestamps: string[]): Promise<number[]> {
  const rows = await rowsOf(`${TRACE_HEADER}\n${timestamps.map((text) => `${text},1,1\n`).join('')}`);
  return rows.map(({ atMicros }) => atMicros);
}

async function messageOf(...chunks: string[]): Promise<string> {
  return rowsOf(...chunks).then(
    () => 'no error',
    (error) => `${error.code} ${error.message}`,
  );
}

describe('a trace', () => {
  it('is read row by row, with times from its first request on', async () => {
    const text = `${TRACE_HEADER}\n${ROW}\n2023-11-16 18:15:50.9951690,396,109\n2023-11-16 18:15:51.2224670,0,1000000\n`;
    expect(await rowsOf(text)).toEqual([
      { atMicros: 0, contextTokens: 374, generatedTokens: 44 },
      { atMicros: 4_314_579, contextTokens: 396, generatedTokens: 109 },
      { atMicros: 4_541_877, contextTokens: 0, generatedTokens: 1_000_000 },
    ]);
  });

  it('is the same however it comes in pieces, with CRLF or LF, a mark in front, and no end of its last line', async () => {
    const lines = [TRACE_HEADER, ROW, '2023-11-16 18:15:47.0000000,1,2'];
    const expected = await rowsOf(lines.join('\n'));
    expect(expected).toHaveLength(2);
    for (const text of [
      lines.join('\r\n'),
      `${lines.join('\r\n')}\r\n`,
      `\ufeff${lines.join('\n')}\n`,
      `${lines.join('\n')}\n\n\r\n`,
    ]) {
      expect(await rowsOf(text)).toEqual(expected);
      expect(await rowsOf(...text)).toEqual(expected);
      for (let at = 1; at < text.length; at += 7) {
        expect(await rowsOf(text.slice(0, at), text.slice(at))).toEqual(expected);
      }
    }
  });

  it('keeps tenths of a microsecond, also over many years', async () => {
    const times = await timesOf(
      '1970-01-01 00:00:00.0000001',
      '1970-01-01 00:00:00.0000002',
      '2023-11-16 18:15:46.0000003',
    );
    expect(times[1]).toBeCloseTo(0.1, 6);
    expect(times[2]! - Date.UTC(2023, 10, 16, 18, 15, 46) * 1000).toBeCloseTo(0.2, 0);
  });

  it.each([
    [
      'a fraction of any length',
      ['2024-05-10 00:00:00', '2024-05-10 00:00:00.5', '2024-05-10 00:00:01.123456789'],
    ],
    ['a T between', ['2024-05-10T00:00:00', '2024-05-10T00:00:00.5', '2024-05-10T00:00:01.123456789']],
    ['Z', ['2024-05-10 00:00:00Z', '2024-05-10 00:00:00.5Z', '2024-05-10 00:00:01.123456789Z']],
    [
      'offsets, each its own',
      ['2024-05-10 00:00:00+00:00', '2024-05-10 02:00:00.5+02:00', '2024-05-09 18:30:01.123456789-0530'],
    ],
  ])('takes timestamps with %s', async (_, timestamps) => {
    const times = await timesOf(...timestamps);
    expect(times.slice(0, 2)).toEqual([0, 500_000]);
    expect(times[2]).toBeCloseTo(1_123_456.789, 3);
  });

  it('goes over the end of a month, a year and a leap day', async () => {
    const day = 86_400_000_000;
    expect(await timesOf('2024-02-28 12:00:00', '2024-02-29 12:00:00', '2024-03-01 12:00:00')).toEqual([
      0,
      day,
      2 * day,
    ]);
    expect(await timesOf('2023-12-31 23:59:59.9', '2024-01-01 00:00:00')).toEqual([0, 100_000]);
  });

  it.each([
    ['30 February', '2023-02-30 00:00:00,1,1'],
    ['29 February of no leap year', '2023-02-29 00:00:00,1,1'],
    ['hour 24', '2023-02-01 24:00:00,1,1'],
    ['minute 60', '2023-02-01 00:60:00,1,1'],
    ['another order', '16.11.2023 18:15:46,1,1'],
    ['seconds since 1970', '1700158546.68,1,1'],
    ['nothing', ',1,1'],
    ['a space in front', ' 2023-11-16 18:15:46,1,1'],
  ])('refuses a TIMESTAMP of %s', async (_, line) => {
    const timestamp = JSON.stringify(line.split(',')[0]);
    expect(await messageOf(`${TRACE_HEADER}\n${ROW}\n${line}\n`)).toBe(
      `INVALID_ARGUMENT TIMESTAMP is not valid: expected a time such as 2023-11-16 18:15:46.6805900, got ${timestamp} (a.csv, line 3)`,
    );
  });

  it.each(['', ' 1', '-1', '1.5', '1e3', '0x10', 'NaN', '1000001', '99999999999'])(
    'refuses %j for a number of tokens',
    async (tokens) => {
      const range = 'a whole number from 0 to 1000000';
      const time = ROW.slice(0, 27);
      expect(await messageOf(`${TRACE_HEADER}\n${time},${tokens},1`)).toBe(
        `INVALID_ARGUMENT ContextTokens is not valid: expected ${range}, got "${tokens}" (a.csv, line 2)`,
      );
      expect(await messageOf(`${TRACE_HEADER}\n${time},1,${tokens}`)).toBe(
        `INVALID_ARGUMENT GeneratedTokens is not valid: expected ${range}, got "${tokens}" (a.csv, line 2)`,
      );
    },
  );

  it.each([
    ['too few fields', '2023-11-16 18:15:46.6805900,374'],
    ['too many fields', `${ROW},5`],
    ['another separator', ROW.replaceAll(',', ';')],
    ['text', 'a\tcomment'],
  ])('refuses a line with %s', async (_, line) => {
    expect(await messageOf(`${TRACE_HEADER}\n${ROW}\n${line}\n${ROW}\n`)).toBe(
      `INVALID_ARGUMENT not a request: expected three fields: ${TRACE_HEADER}, got ${JSON.stringify(line)} (a.csv, line 3)`,
    );
  });

  it.each([
    ['another order', 'ContextTokens,TIMESTAMP,GeneratedTokens'],
    ['another case', 'timestamp,contexttokens,generatedtokens'],
    ['no header', ROW],
    ['an empty first line', ''],
  ])('refuses a header of %s', async (_, header) => {
    expect(await messageOf(`${header}\n${ROW}\n`)).toBe(
      `INVALID_ARGUMENT not the header of a trace: expected ${TRACE_HEADER}, got ${JSON.stringify(header)} (a.csv, line 1)`,
    );
  });

  it('refuses an empty line that is not at the end, by its own number', async () => {
    expect(await messageOf(`${TRACE_HEADER}\n${ROW}\n\n\n${ROW}\n`)).toBe(
      'INVALID_ARGUMENT empty line: expected a request, got "" (a.csv, line 3)',
    );
  });

  it('refuses a time that goes back, and takes one that stands still', async () => {
    expect(await timesOf('2023-11-16 18:15:46', '2023-11-16 18:15:46')).toEqual([0, 0]);
    expect(await messageOf(`${TRACE_HEADER}\n${ROW}\n2023-11-16 18:15:46.6805899,1,1\n`)).toBe(
      'INVALID_ARGUMENT the time goes back: expected requests sorted by TIMESTAMP, got "2023-11-16 18:15:46.6805899" (a.csv, line 3)',
    );
  });

  it.each([
    ['nothing', ''],
    ['only the header', `${TRACE_HEADER}\r\n`],
  ])('refuses a file with %s', async (got, text) => {
    expect(await messageOf(text)).toBe(
      `INVALID_ARGUMENT the trace has no requests: expected ${TRACE_HEADER} and at least one line below it, got ${got} (a.csv)`,
    );
  });

  it('refuses a line without end before it has read all of it', async () => {
    let pieces = 0;
    function* endless() {
      yield `${TRACE_HEADER}\n`;
      for (;;) {
        pieces++;
        yield 'x'.repeat(1000);
      }
    }
    await expect(collect(parseTrace(endless(), 'a.csv'))).rejects.toThrow(
      `line too long: expected at most 1024 characters, got "${'x'.repeat(60)}…" (a.csv, line 2)`,
    );
    expect(pieces).toBeLessThan(5);
  });
});

describe('a trace file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'modwire-trace-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is read as its text is, longer than one piece of it', async () => {
    const path = join(directory, 'long.csv');
    const text = `${TRACE_HEADER}\r\n${`${ROW}\r\n`.repeat(5_000)}`;
    writeFileSync(path, text);
    const rows = await collect(readTrace(path));
    expect(rows).toHaveLength(5_000);
    expect(rows).toEqual(await rowsOf(text));
  });

  it('is said to be missing, or to be a directory', async () => {
    const missing = join(directory, 'none.csv');
    await expect(collect(readTrace(missing))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(collect(readTrace(directory))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(collect(readTrace(directory))).rejects.toThrow(/^cannot read the trace: .*EISDIR/);
  });

  it('of bytes that are no text is refused', async () => {
    const path = join(directory, 'binary.csv');
    writeFileSync(
      path,
      Uint8Array.from({ length: 5_000 }, (_, index) => (index * 37) % 256),
    );
    await expect(collect(readTrace(path))).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
