import { FrameSlab } from '../../codec/frame-slab.js';
import type { FrameView } from '../../codec/frame-view.js';
import type { Contract } from '../../contracts/contract.js';
import { ModwireError } from '../../errors.js';
import type { CallExplanation } from '../../routing/calls/call-explanation.js';

const slab = new FrameSlab(16 * 1024);

/**
 * The frame, for as long as someone holds it. A small one is copied: it would keep alive all that was read together with it,
 * up to half a mebibyte; the copy keeps a slab alive.
 */
export function keepFrame(frame: FrameView): FrameView {
  return slab.copy(frame) ?? frame.retain();
}

/** What is wrong with a frame whose payload is to keep a contract; undefined when nothing is. */
export function contractRefusal(
  frame: FrameView,
  contract: Contract,
  what: 'request' | 'reply',
): ModwireError | undefined {
  const got =
    frame.schemaIdAt < 0
      ? 'one without a schema id'
      : contract.violationAt(frame.memory, frame.payloadStart, frame.payloadEnd)?.text;
  if (got === undefined) return undefined;
  return new ModwireError('CONTRACT_VIOLATION', {
    what: `the ${what} does not keep its contract`,
    expected: `a payload of ${contract.rootName}`,
    got,
    where: `contract ${contract.name}, subject ${frame.subject}`,
    mayHaveStarted: what === 'reply',
  });
}

/** A request or a reply as it came. */
export class Received<Value = undefined> {
  readonly frame: FrameView;
  readonly #contract: Contract | undefined;
  #value: Value | undefined;

  /** `frame` is kept, and verified to keep the contract. @internal */
  constructor(frame: FrameView, contract: Contract | undefined) {
    this.frame = frame;
    this.#contract = contract;
  }

  get subject(): string {
    return this.frame.subject;
  }

  /** A view, no copy; empty when there is none. */
  get payload(): Uint8Array {
    return this.frame.payload;
  }

  /** The object that the payload holds; undefined without a contract. */
  get value(): Value {
    if (this.#contract !== undefined) this.#value ??= this.#contract.unpack(this.frame.payload) as Value;
    return this.#value as Value;
  }

  get headers(): ReadonlyArray<readonly [name: string, value: string]> {
    return this.frame.headers;
  }

  /** The experiment that decided where the request went; undefined when none did. */
  get experiment(): string | undefined {
    return this.frame.experiment;
  }

  /** Which variant of that experiment it went to. */
  get variant(): string | undefined {
    return this.frame.variant;
  }

  /** The payload as text. Throws TypeError when it is not UTF-8. */
  text(): string {
    return this.frame.text();
  }

  /** The payload read as JSON. Throws SyntaxError when it is none. */
  json(): unknown {
    return this.frame.json();
  }
}

/** A request that a worker is to answer. Who keeps one for long keeps `frame.copy()`: it holds what came with it. */
export class IncomingRequest<Value = undefined> extends Received<Value> {}

/** A reply to a request, or one of a stream. It may be kept. */
export class Reply<Value = undefined> extends Received<Value> {
  /** From when the request was made until this came, all attempts included. Milliseconds. */
  readonly latencyMs: number;
  /** How often the request was made, this time included. */
  readonly attempts: number;
  /**
   * Why the broker sent the request where it did, when it was asked (`explain`). Of a stream the last reply has it, if that has a
   * payload.
   */
  readonly explanation: CallExplanation | undefined;

  /** @internal */
  constructor(
    frame: FrameView,
    contract: Contract | undefined,
    latencyMs: number,
    attempts: number,
    explanation: CallExplanation | undefined,
  ) {
    super(frame, contract);
    this.latencyMs = latencyMs;
    this.attempts = attempts;
    this.explanation = explanation;
  }
}
