import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameVerifier } from '../../src/codec/frame-verifier.js';
import { FrameView } from '../../src/codec/frame-view.js';
import { FrameWriter } from '../../src/codec/frame-writer.js';
import { KnownTexts } from '../../src/codec/known-texts.js';
import { Memory } from '../../src/codec/memory.js';
import { text } from '../support/frame-arbitrary.js';
import { ALL_FIELDS } from '../support/violation-case.js';

const verifier = new FrameVerifier();

function frameWith(experiment: string | undefined, variant: string | undefined): FrameView {
  const bytes = new FrameWriter().encode({ ...ALL_FIELDS, experiment, variant });
  const view = new FrameView();
  expect(verifier.verify(new Memory(bytes), 0, bytes.length, view)).toBe(true);
  return view;
}

describe('texts that are known', () => {
  it('are what the frame says, however many came before and wherever', () => {
    const few = fc.constantFrom('', 'control', 'candidate', 'controls', 'x'.repeat(300), undefined);
    const texts = fc.array(fc.tuple(fc.oneof(few, text()), fc.oneof(few, text())), { maxLength: 30 });
    fc.assert(
      fc.property(texts, (said) => {
        const known = new KnownTexts();
        for (const [experiment, variant] of said) {
          const frame = frameWith(experiment, variant);
          expect(known.of(frame, 'experiment')).toBe(experiment);
          expect(known.of(frame, 'variant')).toBe(variant);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('outlive the bytes that they were read from', () => {
    const known = new KnownTexts();
    const frame = frameWith('ranker', 'control');
    known.of(frame, 'variant');
    frame.memory.u8.fill(0);
    expect(known.of(frameWith('ranker', 'control'), 'variant')).toBe('control');
  });
});
