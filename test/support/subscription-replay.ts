import type { ControlMessage } from '../../src/codec/control-message.js';
import type { FrameView } from '../../src/codec/frame-view.js';
import { toHex } from '../../src/codec/message-id.js';
import { matchesFilter } from '../../src/codec/subject.js';
import type { RawClient } from './raw-client.js';

interface Asked {
  readonly filter: string;
  /** Ids of schemas. */
  readonly reads: readonly Uint8Array[];
}

interface Open extends Asked {
  /** Ids of schemas that it was said not to read, in hex. */
  readonly unreadable: Set<string>;
}

const NONE = '00'.repeat(16);

/** What the subscriptions of a raw client get, by the protocol's word, of all that comes to it. */
export class SubscriptionReplay {
  readonly #client: RawClient;
  readonly #asked = new Map<number, Asked>();
  readonly #open = new Map<number, Open>();
  readonly #got = new Map<number, string[]>();
  readonly #missing = new Map<number, string[]>();
  #at: number;

  /** Begins with what comes from now on. */
  constructor(client: RawClient) {
    this.#client = client;
    this.#at = client.received.length;
  }

  /** Subscribes the client, and waits until it is: the number may be one that it had before. */
  async subscribe(subscription: number, filter: string, reads: readonly Uint8Array[] = []): Promise<void> {
    this.take();
    this.#asked.set(subscription, { filter, reads });
    await this.#client.subscribe(subscription, filter, { reads });
    await this.#client.settle();
  }

  /** Takes what has come since. */
  take(): void {
    const { received } = this.#client;
    for (; this.#at < received.length; this.#at++) {
      const one = received[this.#at]!;
      if ('type' in one) this.#control(one);
      else this.#frame(one);
    }
  }

  /** Frames that a subscription got, as `subject#sequence`, in their order. */
  got(subscription: number): string[] {
    return this.#got.get(subscription) ?? [];
  }

  /** The same, and those that it knows it did not get because it cannot read them. Sorted. */
  accounted(subscription: number): string[] {
    return [...this.got(subscription), ...(this.#missing.get(subscription) ?? [])].toSorted();
  }

  #control(message: ControlMessage): void {
    if (message.type === 'subscribed') this.#subscribed(message.subscription);
    else if (message.type === 'unsubscribed') this.#open.delete(message.subscription);
    else if (message.type === 'unreadable') {
      if (message.anew) for (const { unreadable } of this.#open.values()) unreadable.clear();
      for (const number of message.subscriptions) {
        this.#open.get(number)!.unreadable.add(toHex(message.schemaId));
      }
    } else if (message.type === 'withheld') {
      for (const [number, { filter, reads }] of this.#open) {
        if (!matchesFilter(filter, message.subject)) continue;
        if (reads.length === 0) throw new Error(`withheld from ${number}, which takes whatever comes`);
        for (let sequence = message.first; sequence <= message.last; sequence++) {
          add(this.#missing, number, `${message.subject}#${sequence}`);
        }
      }
    }
  }

  #frame({ subject, sequence, schemaId }: FrameView): void {
    const id = schemaId === undefined ? NONE : toHex(schemaId);
    for (const [number, { filter, unreadable }] of this.#open) {
      if (!matchesFilter(filter, subject)) continue;
      add(unreadable.has(id) ? this.#missing : this.#got, number, `${subject}#${sequence}`);
    }
  }

  #subscribed(number: number): void {
    this.#open.set(number, { ...this.#asked.get(number)!, unreadable: new Set() });
  }
}

function add(lists: Map<number, string[]>, key: number, label: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [label]);
  else list.push(label);
}
