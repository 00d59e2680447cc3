import type { FrameView } from '../../codec/frame-view.js';
import type { Contract } from '../../contracts/contract.js';
import type { TableObject } from '../../contracts/table-class.js';
import type { SignalOptions } from '../abort.js';
import { contractReading } from '../frame-reading.js';
import { checkName, checkWhole, invalid } from './check-options.js';
import type { LostRange } from './lost-range.js';
import type { StreamMessage } from './stream-message.js';

const DEFAULT_CAPACITY = 64;
const DEFAULT_WINDOW_BYTES = 4 * 1024 * 1024;

/** How a client consumes. The signal drains the consumer. */
export interface ConsumeOptions extends SignalOptions {
  /** Records that it has at once without having settled them, and so handlers that run at once; 64 unless given. */
  readonly capacity?: number;
  /** Bytes of those, unless one alone has more; 4 MiB unless given. */
  readonly windowBytes?: number;
  /** Told of records that no member will get; unless given, the client's event `error` tells. */
  readonly onLost?: (range: LostRange) => void;
}

/**
 * The contract that records keep: they come with their values. A record that does not keep it is a dead letter, and told by the
 * event `unreadable`.
 */
export interface RecordContract<Value extends TableObject> {
  readonly contract: Contract<Value>;
}

/** Handles a message: when it is done, the message is; when it throws, it comes again, with the error's text as the reason. */
export type MessageHandler<Value = undefined> = (message: StreamMessage<Value>) => Promise<void> | void;

/** What a consumer makes of its frames. */
export interface RecordReading<Value> {
  /** Why a frame cannot be read; undefined when it can. Left out when whatever comes is taken. */
  readonly refusal?: ((frame: FrameView) => string | undefined) | undefined;
  readonly read: (frame: FrameView) => Value;
}

/** Everything that is known of a consumer before it takes anything. */
export interface ConsumeTerms<Value> {
  readonly stream: string;
  readonly name: string;
  readonly capacity: number;
  readonly windowBytes: number;
  readonly reading: RecordReading<Value>;
  readonly handler: MessageHandler<Value> | undefined;
  readonly onLost: (range: LostRange) => void;
}

/** Throws INVALID_ARGUMENT for what is not valid. */
export function consumeTerms(
  [stream, name]: readonly [stream: string, name: string],
  options: ConsumeOptions & { readonly contract?: Contract },
  handler: unknown,
  tellLost: (range: LostRange) => void,
): ConsumeTerms<unknown> {
  const { capacity = DEFAULT_CAPACITY, windowBytes = DEFAULT_WINDOW_BYTES, contract, onLost } = options;
  checkName('stream', stream);
  checkName('consumer', name);
  checkWhole('capacity', capacity);
  checkWhole('windowBytes', windowBytes);
  if (handler !== undefined && typeof handler !== 'function') {
    throw invalid('handler', 'a function', typeof handler);
  }
  return {
    ...{ stream, name, capacity, windowBytes, reading: readingOf(contract) },
    handler: handler as MessageHandler<unknown> | undefined,
    onLost: onLost ?? tellLost,
  };
}

function readingOf(contract: Contract | undefined): RecordReading<unknown> {
  if (contract === undefined) return { read: () => undefined };
  const { refusal, item } = contractReading(contract, undefined);
  return { refusal, read: (frame) => item(frame).value };
}
