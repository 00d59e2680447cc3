import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/registry/journal.js';
import { JOURNAL_LINE } from '../../src/registry/journal-format.js';
import { refusal, temporaryDirectory } from '../support/registry-fixture.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function newJournal(): Promise<string> {
  const path = join(await temporaryDirectory(), 'journal');
  await Journal.create(path);
  return path;
}

/** Opens, reads, appends, and closes. */
async function visit(path: string, texts: readonly string[] = []): Promise<string[]> {
  const { journal, records } = await Journal.open(path);
  for (const text of texts) await journal.append(bytesOf(text));
  await journal.close();
  return records.map(({ payload }) => textOf(payload));
}

/** A journal of three records, with where each begins. */
async function threeRecords(): Promise<{
  path: string;
  bytes: Uint8Array;
  texts: string[];
  starts: number[];
}> {
  const path = await newJournal();
  const texts = ['{"a":1}', '{"second":"record"}', '{"c":[]}'];
  await visit(path, texts);
  const { journal, records } = await Journal.open(path);
  await journal.close();
  return { path, bytes: await readFile(path), texts, starts: records.map(({ offset }) => offset) };
}

describe('a journal', () => {
  it('gives back what was appended, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.string(), { maxLength: 4 }), { maxLength: 4 }),
        async (visits) => {
          const path = await newJournal();
          const all: string[] = [];
          for (const texts of visits) {
            expect(await visit(path, texts)).toEqual(all.map((text) => textOf(bytesOf(text))));
            all.push(...texts);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it('drops a torn record, wherever it is torn, and goes on from there', async () => {
    const { path, bytes, texts, starts } = await threeRecords();
    for (let length = JOURNAL_LINE.length; length < bytes.length; length++) {
      await writeFile(path, bytes.subarray(0, length));
      const whole = [...starts.slice(1), bytes.length].filter((end) => end <= length).length;
      expect(await visit(path, ['{"next":true}'])).toEqual(texts.slice(0, whole));
      expect(await visit(path)).toEqual([...texts.slice(0, whole), '{"next":true}']);
    }
  });

  it('drops zeros after the last record, which a loss of power may leave', async () => {
    const { path, bytes, texts } = await threeRecords();
    for (const zeros of [1, 11, 12, 13, 4096]) {
      await writeFile(path, Buffer.concat([bytes, new Uint8Array(zeros)]));
      expect(await visit(path)).toEqual(texts);
      expect((await readFile(path)).length).toBe(bytes.length);
    }
  });

  it('names file and offset of every changed byte, and serves none', async () => {
    const { path, bytes, starts } = await threeRecords();
    for (let at = 0; at < bytes.length; at++) {
      const offset = starts.findLast((start) => start <= at) ?? 0;
      for (const flip of [0x01, 0x80, 0xff, bytes[at]!]) {
        if (flip === 0) continue;
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= flip;
        await writeFile(path, damaged);
        const error = await refusal(Journal.open(path));
        expect(error.code).toBe('FAILED_PRECONDITION');
        expect(error.message).toContain(`${path}, byte ${offset}`);
      }
    }
  });

  it.each([
    ['missing', (parts: Buffer[]) => [parts[0]!, parts[2]!]],
    ['twice there', (parts: Buffer[]) => [parts[0]!, parts[1]!, parts[1]!, parts[2]!]],
    ['in the place of another', (parts: Buffer[]) => [parts[1]!, parts[0]!, parts[2]!]],
  ])('refuses a record that is %s', async (_, change) => {
    const { path, bytes, starts } = await threeRecords();
    const ends = [...starts.slice(1), bytes.length];
    const parts = starts.map((start, index) => Buffer.from(bytes.subarray(start, ends[index])));
    await writeFile(path, Buffer.concat([JOURNAL_LINE, ...change(parts)]));
    expect((await refusal(Journal.open(path))).message).toContain('does not fit its check');
  });

  it.each([0, 1, JOURNAL_LINE.length - 1])('is none with %i bytes', async (length) => {
    const path = await newJournal();
    await writeFile(path, JOURNAL_LINE.subarray(0, length));
    expect((await refusal(Journal.open(path))).message).toContain('byte 0');
  });

  it('takes the place of the one before when it is rewritten, and goes on', async () => {
    const path = await newJournal();
    const { journal } = await Journal.open(path);
    for (let count = 0; count < 10; count++) await journal.append(bytesOf(`{"n":${count}}`));
    await journal.rewrite([bytesOf('{"all":10}')]);
    expect(journal.recordCount).toBe(1);
    await journal.append(bytesOf('{"n":10}'));
    await journal.close();
    expect(await visit(path)).toEqual(['{"all":10}', '{"n":10}']);
  });

  it('keeps its records when it cannot be rewritten', async () => {
    const path = await newJournal();
    const { journal } = await Journal.open(path);
    await journal.append(bytesOf('{"n":1}'));
    // In the way of the new one.
    await mkdir(`${path}.tmp`);
    await expect(journal.rewrite([bytesOf('{"other":1}')])).rejects.toMatchObject({ name: 'ModwireError' });
    await journal.append(bytesOf('{"n":2}'));
    await journal.close();
    await rmdir(`${path}.tmp`);
    expect(await visit(path)).toEqual(['{"n":1}', '{"n":2}']);
  });

  it('says that it is closed', async () => {
    const path = await newJournal();
    const { journal } = await Journal.open(path);
    await journal.close();
    expect((await refusal(journal.append(bytesOf('{}')))).code).toBe('FAILED_PRECONDITION');
    expect(await visit(path)).toEqual([]);
  });
});
