import { describe, expect, it } from 'vitest';
import { checksumOf, ToyModel } from '../../src/demo/model.js';
import { PayloadWriter, readFeatures, readPrediction, TokenView } from '../../src/demo/payload.js';

function tokens(values: readonly number[]): TokenView {
  const view = emptyTokens(values.length);
  values.forEach((value, index) => {
    view.set(index, value);
  });
  return view;
}

function emptyTokens(count: number): TokenView {
  return new TokenView(new DataView(new ArrayBuffer(4 * count)), 0);
}

function valuesOf(view: TokenView): number[] {
  return Array.from({ length: view.length }, (_, index) => view.get(index));
}

describe('payloads', () => {
  const envelope = { request: 0xffff_fff0, intendedAt: 123_456_789_012.3 };

  it.each([0, 1, 374, 100_000])('carry features with %d tokens in 16 bytes more than these take', (count) => {
    const bytes = new PayloadWriter().features(envelope, count, 44, (context) => {
      for (let index = 0; index < context.length; index++) context.set(index, 0xffff_ffff - index);
    });
    expect(bytes.length).toBe(16 + 4 * count);
    // Where a frame lies in a batch, nothing is aligned to it.
    const moved = new Uint8Array(bytes.length + 3);
    moved.set(bytes, 3);
    const features = readFeatures(moved.subarray(3));
    expect(features).toMatchObject({ ...envelope, generate: 44 });
    expect(features.context.length).toBe(count);
    expect(valuesOf(features.context).every((token, index) => token === 0xffff_ffff - index)).toBe(true);
  });

  it('carry predictions', () => {
    const writer = new PayloadWriter();
    writer.features(envelope, 1_000, 1, (context) => context.set(999, 7));
    const bytes = writer.prediction(envelope, 0xdead_beef, 0.5, 3, (generated) => {
      for (let index = 0; index < 3; index++) generated.set(index, index + 1);
    });
    expect(bytes.length).toBe(20 + 12);
    const prediction = readPrediction(bytes);
    expect(prediction).toMatchObject({ ...envelope, checksum: 0xdead_beef, score: 0.5 });
    expect(valuesOf(prediction.generated)).toEqual([1, 2, 3]);
  });

  it('that are too short are refused', () => {
    expect(() => readFeatures(new Uint8Array(15))).toThrow(RangeError);
    expect(() => readPrediction(new Uint8Array(19))).toThrow(RangeError);
  });
});

describe('the model', () => {
  function predict(model: ToyModel, context: readonly number[], count: number) {
    const output = emptyTokens(count);
    const reading = model.read(tokens(context));
    model.generate(reading, output);
    return { checksum: reading.checksum, score: reading.score, output: valuesOf(output) };
  }

  const context = Array.from({ length: 200 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 0);

  it('predicts the same from the same context', () => {
    const prediction = predict(new ToyModel(1), context, 50);
    expect(predict(new ToyModel(1), context, 50)).toEqual(prediction);
    expect(prediction.score).toBeGreaterThan(0);
    expect(prediction.score).toBeLessThan(1);
    expect(new Set(prediction.output).size).toBeGreaterThan(10);
  });

  it('predicts something else when any token of the context is another', () => {
    const model = new ToyModel(1);
    const prediction = predict(model, context, 50);
    for (const at of [0, 1, 100, 199]) {
      const other = predict(model, context.with(at, context[at]! ^ 0x1234), 50);
      expect(other.checksum).not.toBe(prediction.checksum);
      expect(other.score).not.toBe(prediction.score);
      expect(other.output).not.toEqual(prediction.output);
    }
  });

  it('takes an empty context, and may generate nothing', () => {
    const model = new ToyModel(1);
    expect(predict(model, [], 0)).toEqual({ checksum: checksumOf(tokens([])), score: 0.5, output: [] });
    expect(predict(model, [], 5).output).toHaveLength(5);
  });

  it('has a checksum that depends on the order', () => {
    expect(checksumOf(tokens([1, 2]))).not.toBe(checksumOf(tokens([2, 1])));
  });
});
