import type { ControlOf } from '../../codec/control-message.js';
import { Verdict } from '../../codec/generated/modwire/control/verdict.js';
import type { OffsetRange } from '../../codec/stream-message.js';
import { CONSUMER_LIMITS } from '../../routing/consumers/consumer-limits.js';

/** Ranges in one message: with them and a reason of full length it is within what every broker takes. */
const MAX_RANGES = 128;

interface Settled {
  readonly consumer: number;
  readonly verdict: Verdict;
  readonly delayMs: number;
  readonly reason: string;
  readonly offsets: number[];
}

/** What has become of records, gathered: one message for all that are settled alike in one turn of the event loop. */
export class Settlements {
  readonly #send: (messages: readonly ControlOf<'settle'>[]) => void;
  readonly #atEndOfTurn: (action: () => void) => void;
  /** By consumer. Apart, since nearly all are. */
  #acked = new Map<number, number[]>();
  #others = new Map<string, Settled>();
  #scheduled = false;

  constructor(
    send: (messages: readonly ControlOf<'settle'>[]) => void,
    atEndOfTurn: (action: () => void) => void,
  ) {
    this.#send = send;
    this.#atEndOfTurn = atEndOfTurn;
  }

  ack(consumer: number, offset: number): void {
    const acked = this.#acked.get(consumer);
    if (acked !== undefined) acked.push(offset);
    else this.#acked.set(consumer, [offset]);
    this.#schedule();
  }

  /** The delay is 0 for what the consumer's configuration says. Milliseconds. */
  add(consumer: number, verdict: Verdict, offset: number, delayMs = 0, text = ''): void {
    const reason = text.slice(0, CONSUMER_LIMITS.maxReasonCharacters);
    const key = `${consumer} ${verdict} ${delayMs} ${reason}`;
    const alike = this.#others.get(key);
    if (alike !== undefined) alike.offsets.push(offset);
    else this.#others.set(key, { consumer, verdict, delayMs, reason, offsets: [offset] });
    this.#schedule();
  }

  /** Sends what has gathered now. */
  flush(): void {
    // What is still being worked on may have been acknowledged since.
    const settled = [...this.#others.values()];
    for (const [consumer, offsets] of this.#acked) {
      settled.push({ consumer, verdict: Verdict.ack, delayMs: 0, reason: '', offsets });
    }
    this.clear();
    if (settled.length > 0) this.#send(settled.flatMap(messagesOf));
  }

  /** With the connection went the records. */
  clear(): void {
    this.#acked = new Map();
    this.#others = new Map();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#atEndOfTurn(() => {
      this.#scheduled = false;
      this.flush();
    });
  }
}

function messagesOf({ offsets, ...settled }: Settled): ControlOf<'settle'>[] {
  const ranges = rangesOf(offsets);
  const messages: ControlOf<'settle'>[] = [];
  for (let from = 0; from < ranges.length; from += MAX_RANGES) {
    messages.push({ type: 'settle', ...settled, offsets: ranges.slice(from, from + MAX_RANGES) });
  }
  return messages;
}

/** Offsets as few ranges, in ascending order. */
export function rangesOf(offsets: readonly number[]): OffsetRange[] {
  const ranges: { readonly first: number; last: number }[] = [];
  for (const offset of [...offsets].sort((a, b) => a - b)) {
    const range = ranges.at(-1);
    if (range !== undefined && offset <= range.last + 1) range.last = offset;
    else ranges.push({ first: offset, last: offset });
  }
  return ranges;
}
