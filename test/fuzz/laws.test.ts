import { FrameVerifier, type FrameView, FrameWriter, Memory } from 'modwire/codec';
import { describe, expect, it } from 'vitest';
import { NEIGHBOUR_BYTES, surround } from '../support/surrounded.js';
import { FrameLaws, LawBroken } from './laws.js';

describe('the laws', () => {
  const bytes = new FrameWriter().encode({
    subject: 'a',
    id: new Uint8Array(16),
    publishedAt: 1,
    payload: Uint8Array.from([1, 2, 3]),
  });

  /** Verifies, then spoils what was found. */
  class Careless extends FrameVerifier {
    readonly #spoil: (view: FrameView) => void;

    constructor(spoil: (view: FrameView) => void) {
      super();
      this.#spoil = spoil;
    }

    override verify(memory: Memory, start: number, limit: number, view: FrameView): boolean {
      const accepted = super.verify(memory, start, limit, view);
      if (accepted) this.#spoil(view);
      return accepted;
    }
  }

  const judge = (spoil: (view: FrameView) => void) => () => {
    const memory = surround(bytes, 0);
    new FrameLaws(new Careless(spoil)).check(memory, NEIGHBOUR_BYTES, NEIGHBOUR_BYTES + bytes.length);
  };

  it('hold for a whole frame and leave it as it was', () => {
    const copy = bytes.slice();
    expect(new FrameLaws().check(new Memory(copy), 0, copy.length)).toBe(true);
    expect(copy).toEqual(bytes);
  });

  const SPOILS: readonly [law: string, spoil: (view: FrameView) => void][] = [
    [
      'a view lies in its frame',
      (view) => {
        view.payloadEnd = view.end + 8;
      },
    ],
    [
      'a payload does not end before it begins',
      (view) => {
        view.payloadEnd = view.payloadStart - 1;
      },
    ],
    [
      'nothing shares bytes with the stamp',
      (view) => {
        view.payloadStart = view.start + 12;
      },
    ],
    [
      'a frame ends in its bytes',
      (view) => {
        view.end += 8;
      },
    ],
    [
      // Its answers depend on what the stamp is.
      'a stamp changes nothing but itself',
      (view) => {
        if (view.sequence > 0) view.payloadEnd -= 1;
      },
    ],
  ];

  it.each(SPOILS)('notice that %s no longer', (law, spoil) => {
    expect(judge(spoil)).toThrow(LawBroken);
    expect(judge(spoil)).toThrow(law);
  });
});
