import type { AckEntry } from '../codec/control-message.js';
import type { FrameFields } from '../codec/frame-fields.js';
import { FrameFlags } from '../codec/generated/modwire/frame-flags.js';
import { idKey, toHex } from '../codec/message-id.js';
import type { Contract } from '../contracts/contract.js';
import type { TableObject } from '../contracts/table-class.js';
import { ModwireError } from '../errors.js';
import { throwIfAborted } from './abort.js';
import type { ClientContracts } from './client-contracts.js';
import { FrameFactory } from './frame-factory.js';
import type { Outbox } from './outbox.js';
import { PendingAnswers } from './pending-answers.js';
import type { Payload, PublishAck, PublishOptions } from './publish-options.js';

export interface PublisherParts {
  readonly outbox: Outbox;
  readonly contracts: ClientContracts;
  /** Milliseconds. */
  readonly answerMs: number;
  /** Told when somebody begins to wait for an acknowledgement, and when nobody does any more. */
  readonly awaiting: () => void;
}

/** Turns what is published into frames, and waits for their acknowledgements. */
export class Publisher {
  readonly #factory = new FrameFactory();
  readonly #outbox: Outbox;
  readonly #contracts: ClientContracts;
  readonly #acks: PendingAnswers<string, AckEntry>;

  constructor({ outbox, contracts, answerMs, awaiting }: PublisherParts) {
    this.#outbox = outbox;
    this.#contracts = contracts;
    this.#acks = new PendingAnswers('acknowledgement', answerMs, awaiting);
  }

  /** Whether somebody waits for an acknowledgement. */
  get awaited(): boolean {
    return this.#acks.size > 0;
  }

  /** Returns whether there is room for more. `payload` is the value of the contract, if there is one. */
  publish(
    subject: string,
    contract: Contract | undefined,
    payload: Payload,
    options: PublishOptions | undefined,
  ): boolean {
    return this.#outbox.add(this.#make(subject, contract, payload, options, 0));
  }

  /** The same, with the broker's word that it has admitted it. */
  async publishAcked(
    subject: string,
    contract: Contract | undefined,
    payload: Payload,
    options: PublishOptions,
    signal: AbortSignal | undefined,
  ): Promise<PublishAck> {
    throwIfAborted(signal);
    return this.#sendAcked(this.#make(subject, contract, payload, options, FrameFlags.ack), signal);
  }

  /** Publishes what is said already, the flag `ack` included, with the broker's word. */
  async publishFields(fields: FrameFields): Promise<PublishAck> {
    this.#factory.check(fields.subject);
    return this.#sendAcked(fields, undefined);
  }

  /** Whether a message with this id waits for its acknowledgement. */
  isUnderWay(id: Uint8Array): boolean {
    return this.#acks.has(idKey(id));
  }

  acknowledged(entries: readonly AckEntry[]): void {
    for (const entry of entries) this.#acks.resolve(idKey(entry.id), entry);
  }

  /** False when nobody waits for the acknowledgement of this message. */
  refused(id: Uint8Array, error: ModwireError): boolean {
    return this.#acks.reject(idKey(id), error);
  }

  /** The connection is gone. What is not sent yet will be, over the next one. */
  lost(error: ModwireError): void {
    this.#acks.rejectAll(error, this.#outbox.handedBytes);
  }

  /** The client is closed. */
  close(error: ModwireError): void {
    this.#acks.rejectAll(error);
  }

  async #sendAcked(fields: FrameFields, signal: AbortSignal | undefined): Promise<PublishAck> {
    const { subject } = fields;
    const id = fields.id.slice();
    const key = idKey(id);
    if (this.#acks.has(key)) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'a message with this id is under way from here',
        ...{
          expected: 'another id, or to wait for its acknowledgement',
          got: toHex(id),
          where: `subject ${subject}`,
        },
      });
    }
    this.#outbox.add(fields);
    const { epoch, sequence } = await this.#acks.wait(key, signal, this.#outbox.writtenBytes);
    return { subject, id, epoch, sequence };
  }

  /** Valid until the next call. */
  #make(
    subject: string,
    contract: Contract | undefined,
    payload: Payload,
    options: PublishOptions | undefined,
    flags: number,
  ): FrameFields {
    if (contract === undefined) return this.#factory.make(subject, payload, options, flags);
    this.#contracts.check(contract);
    return this.#factory.make(subject, contract.pack(payload as TableObject), options, flags, contract.id);
  }
}
