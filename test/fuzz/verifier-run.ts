import { BatchReader, decodeControl, isViolation, Memory } from 'modwire/codec';
import { CONTROL_SPECIMENS, FRAME_SPECIMENS } from './corpus.js';
import { FuzzFailure } from './fuzz-failure.js';
import { FrameLaws, LawBroken } from './laws.js';
import { mutatedBytes, putMutated } from './mutate.js';
import { Prng } from './prng.js';
import type { Specimen } from './specimen.js';

/** What became of the cases so far. */
export interface VerifierTally {
  cases: number;
  /** Frames, in batches too. */
  framesAccepted: number;
  framesRejected: number;
  controlsAccepted: number;
  controlsRejected: number;
  /** Batches that could be read to their end. */
  batchesWhole: number;
  batchesBroken: number;
}

/** Where messages are put; before them and behind them lie canaries. A multiple of 8. */
const START = 64;
const CANARY_BYTES = 64;
const MOST_ENTRIES = 4;
const ALL_SPECIMENS: readonly Specimen[] = [...FRAME_SPECIMENS, ...CONTROL_SPECIMENS];
const MESSAGE_BYTES = mutatedBytes(Math.max(...ALL_SPECIMENS.map(({ bytes }) => bytes.length)));
const MEMORY_BYTES = START + MOST_ENTRIES * MESSAGE_BYTES + CANARY_BYTES;

/** Of 16 cases one is a batch, one a control message, the others are frames; three of these get a twin. */
const KINDS = 16;
const BATCH = 0;
const CONTROL = 1;
const TWINS = 4;

/** Cases that only the codec sees. The same seed and case make the same bytes, whatever ran before. */
export class VerifierRun {
  readonly tally: VerifierTally = {
    cases: 0,
    framesAccepted: 0,
    framesRejected: 0,
    controlsAccepted: 0,
    controlsRejected: 0,
    batchesWhole: 0,
    batchesBroken: 0,
  };
  readonly #seed: number;
  readonly #prng: Prng;
  readonly #laws = new FrameLaws();
  readonly #reader = new BatchReader();
  readonly #memory = new Memory(new Uint8Array(MEMORY_BYTES).fill(0xaa));
  #kind = BATCH;
  /** Gets the same messages between other neighbours. */
  readonly #twin = new Memory(new Uint8Array(MEMORY_BYTES).fill(0x00));

  constructor(seed: number) {
    this.#seed = seed;
    this.#prng = new Prng(seed);
  }

  /** Runs one case. Throws FuzzFailure when it breaks a law. */
  step(index: number): void {
    const length = this.#put(index);
    try {
      this.#judge(length);
      this.tally.cases++;
    } catch (cause) {
      throw new FuzzFailure(this.#seed, index, this.#memory.u8.subarray(START, START + length), cause);
    }
  }

  /** The bytes of a case, not judged. */
  bytesOf(index: number): Uint8Array {
    const length = this.#put(index);
    return this.#memory.u8.slice(START, START + length);
  }

  /** Puts the bytes of a case in place, canaries behind them, and returns their length. */
  #put(index: number): number {
    const prng = this.#prng;
    prng.reseed(this.#seed, index);
    this.#kind = prng.below(KINDS);
    let length: number;
    if (this.#kind === BATCH) length = this.#putBatch();
    else {
      const specimens = this.#kind === CONTROL ? CONTROL_SPECIMENS : FRAME_SPECIMENS;
      length = putMutated(prng, specimens, this.#memory, START);
    }
    this.#memory.u8.fill(0xaa, START + length, START + length + CANARY_BYTES);
    return length;
  }

  #judge(length: number): void {
    const limit = START + length;
    if (this.#kind === BATCH) this.#judgeBatch(length);
    else if (this.#kind === CONTROL) this.#judgeControl(START, limit);
    else {
      this.#judgeFrame(START, limit);
      if (this.#kind <= TWINS) this.#judgeTwin(limit);
    }
  }

  #judgeFrame(start: number, limit: number): void {
    if (this.#laws.check(this.#memory, start, limit)) this.tally.framesAccepted++;
    else this.tally.framesRejected++;
  }

  #judgeTwin(limit: number): void {
    const twin = this.#twin;
    twin.u8.set(this.#memory.u8.subarray(START, limit), START);
    twin.u8.fill(0x00, limit, limit + CANARY_BYTES);
    this.#laws.checkNeighbours(this.#memory, twin, START, limit);
  }

  #judgeControl(start: number, limit: number): void {
    const decoded = decodeControl(this.#memory, start, limit);
    if (!isViolation(decoded)) this.tally.controlsAccepted++;
    else if (decoded.offset >= 0 && decoded.offset <= limit - start + 8) this.tally.controlsRejected++;
    else throw new LawBroken('a violation lies in the message', decoded.text);
  }

  /** One to four messages, broken or not, one behind the other; now and then cut short. */
  #putBatch(): number {
    const prng = this.#prng;
    let length = 0;
    for (let left = 1 + prng.below(MOST_ENTRIES); left > 0; left--) {
      if (prng.below(2) === 0) {
        const { bytes } = prng.pick(ALL_SPECIMENS);
        this.#memory.u8.set(bytes, START + length);
        length += bytes.length;
      } else length += putMutated(prng, ALL_SPECIMENS, this.#memory, START + length);
    }
    return prng.below(8) === 0 ? prng.below(length + 1) : length;
  }

  #judgeBatch(length: number): void {
    const { u8 } = this.#memory;
    const batch = new Memory(u8.subarray(START, START + length));
    const reader = this.#reader;
    reader.reset(batch);
    let next = 0;
    while (reader.next()) {
      const { start, end, kind } = reader;
      if (start !== next || end <= start || end > length || (end - start) % 8 !== 0) {
        throw new LawBroken('entries lie in their batch, one behind the other', `${start} to ${end}`);
      }
      next = end;
      if (kind === 'frame') this.#judgeFrame(START + start, START + end);
      else this.#judgeControl(START + start, START + end);
    }
    const { violation } = reader;
    if (violation === undefined && next !== length) {
      throw new LawBroken('a batch is read to its end', `${next} of ${length}`);
    }
    if (violation === undefined) this.tally.batchesWhole++;
    else this.tally.batchesBroken++;
  }
}
