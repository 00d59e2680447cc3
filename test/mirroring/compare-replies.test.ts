import { beforeAll, describe, expect, it } from 'vitest';
import { ContentType } from '../../src/codec/generated/modwire/content-type.js';
import type { CompiledSchema } from '../../src/contracts/compile-schema.js';
import { ModwireError } from '../../src/errors.js';
import { compareReplies, type MirroredOutcome } from '../../src/mirroring/compare-replies.js';
import type { MirroredReply } from '../../src/mirroring/reply-reading.js';
import { tensor } from '../../src/tensors/index.js';
import {
  answered,
  bytesReply,
  compareTwo,
  compiled,
  differencesOf,
  differenceTexts,
  jsonReply,
  tableReply,
  tensorReply,
} from '../support/mirrored.js';

let answer: CompiledSchema;
let other: CompiledSchema;
beforeAll(async () => {
  answer = await compiled('table Answer { text : string; numbers : [long]; } root_type Answer;');
  other = await compiled('table Other { text : string; } root_type Other;');
});

const texts = (primary: MirroredOutcome, shadow: MirroredOutcome) =>
  differenceTexts(compareReplies(primary, shadow).differences);

describe('two calls', () => {
  const reply = jsonReply({ a: 1 });

  it.each<[string, MirroredOutcome, MirroredOutcome, string[]]>([
    [
      'an error where there was a reply',
      answered(reply),
      { replies: [], error: 'INTERNAL' },
      ['outcome: value, at outcome OK / INTERNAL'],
    ],
    [
      'another error',
      { replies: [], error: 'INVALID_ARGUMENT' },
      { replies: [], error: 'INTERNAL' },
      ['outcome: value, at outcome INVALID_ARGUMENT / INTERNAL'],
    ],
    ['the same error', { replies: [], error: 'INTERNAL' }, { replies: [], error: 'INTERNAL' }, []],
    [
      'the number of replies, and those that both have',
      answered(reply, reply, reply),
      answered(reply, jsonReply({ a: 2 })),
      ['replies: length, at replies 3 / 2', 'a: value, at replies[1]: a 1 / 2'],
    ],
    [
      'replies of a stream that ended with an error, as far as it came',
      answered(reply, reply, reply),
      { replies: [jsonReply({ a: 2 })], error: 'UNAVAILABLE' },
      ['outcome: value, at outcome OK / UNAVAILABLE', 'a: value, at replies[0]: a 1 / 2'],
    ],
    ['nothing, when neither has replies', answered(), answered(), []],
  ])('may differ in %s', (_, primary, shadow, expected) => {
    expect(texts(primary, shadow)).toEqual(expected);
  });
});

describe('two replies', () => {
  it('of other kinds differ as a whole', () => {
    expect(differencesOf(jsonReply({}), tableReply(answer, {}))).toEqual([
      'payload: type, at payload json / flatbuffer',
    ]);
    expect(differencesOf(tableReply(answer, {}), tableReply(other, {}))).toEqual([
      'payload: type, at payload Answer / Other',
    ]);
    const unknown = { ...bytesReply(), contentType: 77 as ContentType };
    expect(differencesOf(bytesReply(), unknown)).toEqual([
      'payload: type, at payload bytes / content type 77',
    ]);
  });

  it('of which one is not what it says it is differ as a whole', () => {
    const broken = { ...tableReply(answer, {}), payload: Uint8Array.of(1, 2, 3) };
    expect(differencesOf(tableReply(answer, {}), broken)).toEqual([
      'payload: type, at payload Answer / bytes',
    ]);
    expect(differencesOf(jsonReply('{'), jsonReply({}))).toEqual(['payload: type, at payload bytes / JSON']);
    const noTensors = { contentType: ContentType.tensor, payload: Uint8Array.of(1) };
    expect(differencesOf(tensorReply([tensor('INT8', [], [1], { name: 'y' })]), noTensors)).toEqual([
      'payload: type, at payload tensors / bytes',
    ]);
  });

  it.each<[string, (...bytes: number[]) => MirroredReply]>([
    ['no kind', bytesReply],
    ['an unknown schema', (...bytes) => ({ ...bytesReply(...bytes), contentType: ContentType.flatbuffer })],
    [
      'a schema that they do not keep',
      (...bytes) => ({ ...tableReply(answer, {}), payload: Uint8Array.from(bytes) }),
    ],
    ['JSON that is none', (...bytes) => ({ ...bytesReply(...bytes), contentType: ContentType.json })],
  ])('of %s are the same bytes or not', (_, of) => {
    expect(differencesOf(of(1, 2, 3), of(1, 2, 3))).toEqual([]);
    expect(differencesOf(of(1, 2, 3), of(1, 9, 3))).toEqual([
      'payload: value, at payload 0x02 of 3 bytes / 0x09 of 3 bytes',
    ]);
    expect(differencesOf(of(1, 2), of(1, 2, 3))).toEqual([
      'payload: value, at payload the end of 2 bytes / 0x03 of 3 bytes',
    ]);
  });
});

describe('the work of a comparison', () => {
  const numbers = (value: number, length = 100) => ({ numbers: Array.from({ length }, () => value) });
  const nested = (depth: number, text: string) => `${'['.repeat(depth)}${text}${']'.repeat(depth)}`;

  it('ends at the bound of values, and says so', () => {
    const cases: [MirroredReply, MirroredReply][] = [
      [tableReply(answer, numbers(1)), tableReply(answer, numbers(2))],
      [jsonReply(numbers(1)), jsonReply(numbers(2))],
      [tensorOf(1), tensorOf(2)],
    ];
    for (const [a, b] of cases) {
      const { differences, leftOut } = compareTwo(a, b, { maxElements: 20 });
      expect(leftOut).toEqual(['elements']);
      expect(differences).toHaveLength(1);
      expect(differences[0]!.differing).toBeGreaterThan(10);
      expect(differences[0]!.differing).toBeLessThan(20);
      expect(compareTwo(a, b).leftOut).toEqual([]);
    }
  });

  it('does not reach what lies behind that bound', () => {
    const long = { text: 'x'.repeat(1_000), numbers: [1] };
    const { differences, leftOut } = compareTwo(
      tableReply(answer, long),
      tableReply(answer, { ...long, numbers: [2] }),
      { maxElements: 20 },
    );
    expect([differences, leftOut]).toEqual([[], ['elements']]);
    const replies = Array.from({ length: 100 }, (_, index) => jsonReply(index));
    const stream = compareReplies(answered(...replies), answered(...replies.toReversed()), {
      maxElements: 20,
    });
    expect(stream.differences[0]!.differing).toBe(20);
    expect(stream.leftOut).toEqual(['elements']);
  });

  it('sees that texts of other lengths differ where it does not look at all of them', () => {
    const [a, b] = ['x'.repeat(1_000), 'x'.repeat(1_001)];
    const { differences } = compareTwo(tableReply(answer, { text: a }), tableReply(answer, { text: b }), {
      maxElements: 20,
    });
    expect(differences.map(({ path }) => path)).toEqual(['text']);
  });

  it('tells so many paths apart and puts what lies beyond to the path around it', () => {
    const fields = (value: number) =>
      Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, value]));
    const { differences, paths, leftOut } = compareTwo(
      jsonReply({ a: fields(1) }),
      jsonReply({ a: fields(2) }),
      {
        maxPaths: 10,
      },
    );
    expect(leftOut).toEqual(['paths']);
    // With those of the call, and the payload as a whole.
    expect(paths).toHaveLength(13);
    expect(differences.find(({ path }) => path === 'a')!.differing).toBe(91);
    expect(differences.reduce((sum, { differing }) => sum + differing, 0)).toBe(100);
  });

  it('makes no path longer and longer', () => {
    let [a, b]: unknown[] = [1, 2];
    for (let depth = 0; depth < 60; depth++)
      [a, b] = [{ [`${depth}`.repeat(50)]: a }, { [`${depth}`.repeat(50)]: b }];
    const { differences, leftOut } = compareTwo(jsonReply(a), jsonReply(b));
    expect(leftOut).toEqual(['paths']);
    expect(differences[0]!.path.length).toBeLessThan(1_200);
  });

  it('goes so deep into JSON', () => {
    expect(differencesOf(jsonReply(nested(64, '1')), jsonReply(nested(64, '2')))).toHaveLength(1);
    const { differences, leftOut } = compareTwo(
      jsonReply(nested(100_000, '1')),
      jsonReply(nested(100_000, '2')),
    );
    expect([differences, leftOut]).toEqual([[], ['depth']]);
  });

  it('takes JSON that is too large as bytes', () => {
    const { differences, leftOut } = compareTwo(jsonReply({ a: 1 }), jsonReply({ a: 1.000001 }), {
      maxJsonBytes: 8,
    });
    expect(differenceTexts(differences)).toEqual([
      'payload: value, at payload 0x7d of 7 bytes / 0x2e of 14 bytes',
    ]);
    expect(leftOut).toEqual(['json']);
  });

  it('says that it does not know the member of a union', async () => {
    const known = await compiled('table A { x : int; } union U { A } table T { u : U; } root_type T;');
    const later = await compiled(
      'table A { x : int; } table B { y : int; } union U { A, B } table T { u : U; } root_type T;',
    );
    const { payload } = tableReply(later, { u_type: 'B', u: { y: 1 } });
    const reply = { contentType: ContentType.flatbuffer, payload, schema: known };
    const { differences, leftOut } = compareTwo(reply, reply);
    expect([differences, leftOut]).toEqual([[], ['member']]);
  });
});

describe('tolerances', () => {
  it('can be given for each format', () => {
    const [a, b] = [tensorOf(1), tensorOf(1.25)];
    expect(compareTwo(a, b).differences).toHaveLength(1);
    const absolute = { FP32: { absolute: 0.25, relative: 0 } };
    expect(compareTwo(a, b, { tolerances: absolute }).differences).toEqual([]);
    const relative = { FP32: { absolute: 0, relative: 0.2 } };
    expect(compareTwo(a, b, { tolerances: relative }).differences).toEqual([]);
    expect(compareTwo(a, b, { tolerances: { FP64: { absolute: 1, relative: 1 } } }).differences).toHaveLength(
      1,
    );
  });

  it.each<[unknown, string | undefined]>([
    [{ FP32: { absolute: -1, relative: 0 } }, 'tolerances.FP32.absolute'],
    [{ JSON: { absolute: 0, relative: Number.NaN } }, 'tolerances.JSON.relative'],
    [{ FP64: { absolute: 0 } }, 'tolerances.FP64.relative'],
    [{ FP8: { absolute: 0, relative: 0 } }, undefined],
  ])('are refused when they are none: %j', (tolerances, where) => {
    try {
      compareTwo(bytesReply(), bytesReply(), { tolerances: tolerances as object });
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(ModwireError);
      expect((thrown as ModwireError).code).toBe('INVALID_ARGUMENT');
      expect((thrown as ModwireError).detail.where).toBe(where);
      return;
    }
    expect.unreachable();
  });
});

function tensorOf(value: number): MirroredReply {
  return tensorReply([
    tensor(
      'FP32',
      [100],
      Array.from({ length: 100 }, () => value),
      { name: 'y' },
    ),
  ]);
}
