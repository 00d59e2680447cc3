import type { FrameView } from '../codec/frame-view.js';
import type { Contract } from '../contracts/contract.js';
import type { TableObject } from '../contracts/table-class.js';

/** Takes a frame that is only valid until it returns: `frame.retain()` or `frame.copy()` keep it longer. */
export type FrameListener = (frame: FrameView) => void;

/** Takes the value of a frame, which it may keep, and the frame, as a FrameListener does. */
export type ContractListener<Value> = (value: Value, frame: FrameView) => void;

/** What a subscription with a contract is iterated over. */
export interface ContractFrame<Value> {
  readonly value: Value;
  readonly frame: FrameView;
}

/** What a subscription makes of its frames. */
export interface FrameReading<Item> {
  /** Ids of the schemas that it reads, 16 bytes each; empty when it takes whatever comes. */
  readonly reads: readonly Uint8Array[];
  /** Why a frame is not for it; undefined when it is. Left out when it takes whatever comes. */
  readonly refusal?: (frame: FrameView) => string | undefined;
  /** Left out of a subscription that is iterated over. */
  readonly listener: FrameListener | undefined;
  readonly item: (frame: FrameView) => Item;
}

/** Frames as they are. */
export function plainReading(listener: FrameListener | undefined): FrameReading<FrameView> {
  return { reads: [], listener, item: (frame) => frame };
}

/**
 * Frames that keep a contract, with their values. The broker sees to it that their schema is one that this can read; but on
 * subjects that are bound to no contract it looks at no payload. So every payload is verified here, before anything
 * reads it.
 */
export function contractReading<Value extends TableObject>(
  contract: Contract<Value>,
  listener: ContractListener<Value> | undefined,
): FrameReading<ContractFrame<Value>> {
  return {
    reads: [contract.id],
    refusal: (frame) => {
      const violation = contract.violationAt(frame.memory, frame.payloadStart, frame.payloadEnd);
      return violation && `no payloads of ${contract.rootName}: ${violation.text}`;
    },
    listener: listener && ((frame) => listener(contract.unpack(frame.payload), frame)),
    item: (frame) => ({ value: contract.unpack(frame.payload), frame }),
  };
}
