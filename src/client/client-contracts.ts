import type { ControlMessage, ControlOf } from '../codec/control-message.js';
import { ID_BYTES } from '../codec/frame-layout.js';
import { fromHex, toHex } from '../codec/message-id.js';
import type { Contract } from '../contracts/contract.js';
import { ModwireError, toModwireError } from '../errors.js';
import type { ClientEmitter } from './client-events.js';
import type { Link } from './link.js';
import { notConnected } from './not-connected.js';
import { PendingAnswers } from './pending-answers.js';

/** Contracts that are asked for at once: a broker answers so many calls of one client, and no more. */
const MAX_LANES = 8;
/** What a Register takes beside its schema. Bytes. */
const REGISTER_BYTES = 4096;
const HEX_ID = /^[0-9a-f]{32}$/i;

/** A contract as the broker knows it. */
export interface ContractRegistration {
  readonly contract: string;
  readonly version: number;
  /** 16 bytes. */
  readonly schemaId: Uint8Array;
  /** Whether this client has just registered the version. */
  readonly isNew: boolean;
  /** Names of clients, connected when it was registered, that cannot read it. */
  readonly unreadableBy: readonly string[];
}

/** A schema that a broker knows. */
export interface ResolvedSchema {
  readonly contract: string;
  readonly version: number;
  /** 16 bytes. */
  readonly schemaId: Uint8Array;
  /** Full name of the root table. */
  readonly root: string;
  /** As `.bfbs`. */
  readonly schema: Uint8Array;
}

type Answer = ControlOf<'registered'> | ControlOf<'resolved'>;

export interface ClientContractsParts {
  readonly link: Link;
  readonly events: ClientEmitter;
  /** Milliseconds. */
  readonly answerMs: number;
  /** Whether contracts that the broker does not know are registered. */
  readonly register: boolean;
  /** Numbers that the broker's answers name. */
  readonly nextNumber: () => number;
  /** Told when somebody begins to wait for an answer, and when nobody does any more. */
  readonly awaiting: () => void;
}

/** The contracts of a client: registered, or found registered, over all its connections. */
export class ClientContracts {
  readonly #parts: ClientContractsParts;
  readonly #calls: PendingAnswers<number, Answer>;
  readonly #used = new Map<Contract, ContractRegistration>();
  readonly #starting = new Map<Contract, Promise<ContractRegistration>>();
  #lastUsed: Contract | undefined;

  constructor(parts: ClientContractsParts) {
    this.#parts = parts;
    this.#calls = new PendingAnswers('answer about a contract', parts.answerMs, parts.awaiting);
  }

  /** Whether somebody waits for an answer. */
  get awaited(): boolean {
    return this.#calls.size > 0;
  }

  get registrations(): ContractRegistration[] {
    return [...this.#used.values()];
  }

  /** Throws FAILED_PRECONDITION for a contract that this client does not use. */
  check(contract: Contract): void {
    if (contract === this.#lastUsed) return;
    if (!this.#used.has(contract)) throw notUsed(contract);
    this.#lastUsed = contract;
  }

  /** Makes a contract known, unless it is. */
  use(contract: Contract, signal: AbortSignal | undefined): Promise<ContractRegistration> {
    const used = this.#used.get(contract);
    if (used !== undefined) return Promise.resolve(used);
    // Who comes with a signal asks on its own: it ends nobody else's question.
    if (signal !== undefined) return this.#register(contract, signal);
    let starting = this.#starting.get(contract);
    if (starting === undefined) {
      starting = this.#register(contract, undefined).finally(() => this.#starting.delete(contract));
      this.#starting.set(contract, starting);
    }
    return starting;
  }

  /** Makes these known. Rejects with the first refusal. */
  async useAll(contracts: readonly Contract[], signal: AbortSignal | undefined): Promise<void> {
    await inLanes(contracts, (contract) => this.use(contract, signal));
  }

  /**
   * Makes all known over a new connection: its broker may be another one. A refusal is told, and the contract stays in
   * use: its frames are refused one by one, and what else this client does goes on.
   */
  async renew(): Promise<void> {
    const { link, events } = this.#parts;
    const { connection } = link;
    await inLanes([...this.#used.keys()], async (contract) => {
      try {
        await this.#register(contract, undefined);
      } catch (thrown) {
        // Without this connection the next one does it.
        if (connection === link.connection) events.emit('error', toModwireError(thrown));
      }
    });
  }

  /** `schemaId`: 16 bytes, or 32 hexadecimal digits. */
  async resolve(schemaId: Uint8Array | string, signal: AbortSignal | undefined): Promise<ResolvedSchema> {
    const id = checkId(schemaId);
    const call = this.#parts.nextNumber();
    const answer = await this.#ask({ type: 'resolve', call, schemaId: id }, call, signal);
    if (answer.type !== 'resolved') throw wrongAnswer(answer);
    const { contract, version, root, schema } = answer;
    return { contract, version, schemaId: answer.schemaId, root, schema };
  }

  answered(message: Answer): void {
    this.#calls.resolve(message.call, message);
  }

  /** False when nobody waits for this call's answer. */
  refused(call: number, error: ModwireError): boolean {
    return this.#calls.reject(call, error);
  }

  /** The connection is gone. */
  lost(error: ModwireError): void {
    this.#calls.rejectAll(error);
  }

  async #register(contract: Contract, signal: AbortSignal | undefined): Promise<ContractRegistration> {
    const registration = this.#parts.register
      ? await this.#registered(contract, signal)
      : await this.#found(contract, signal);
    this.#used.set(contract, registration);
    return registration;
  }

  async #registered(contract: Contract, signal: AbortSignal | undefined): Promise<ContractRegistration> {
    const { name, id, rootName: root, schema } = contract;
    this.#checkSize(contract);
    const call = this.#parts.nextNumber();
    const answer = await this.#ask({ type: 'register', call, contract: name, root, schema }, call, signal);
    if (answer.type !== 'registered') throw wrongAnswer(answer);
    const { version, schemaId, isNew, unreadableBy } = answer;
    if (toHex(schemaId) !== contract.hexId) throw otherId(contract, schemaId);
    return { contract: name, version, schemaId: id, isNew, unreadableBy };
  }

  async #found(contract: Contract, signal: AbortSignal | undefined): Promise<ContractRegistration> {
    const { name, id } = contract;
    try {
      const { version } = await this.resolve(id, signal);
      return { contract: name, version, schemaId: id, isNew: false, unreadableBy: [] };
    } catch (thrown) {
      if (thrown instanceof ModwireError && thrown.code === 'NOT_FOUND')
        throw notRegistered(contract, thrown);
      throw thrown;
    }
  }

  async #ask(message: ControlMessage, call: number, signal: AbortSignal | undefined): Promise<Answer> {
    const answer = this.#calls.wait(call, signal);
    if (!this.#parts.link.send(message)) this.#calls.reject(call, notConnected());
    return answer;
  }

  /** A message that is too large would close the connection, and the next one. */
  #checkSize({ name, schema }: Contract): void {
    const maxBytes = this.#parts.link.connection?.welcome.maxBatchBytes ?? Number.POSITIVE_INFINITY;
    if (schema.length + REGISTER_BYTES <= maxBytes) return;
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'schema too large',
      expected: `room for it in the broker's maxBatchBytes = ${maxBytes}`,
      got: `${schema.length} bytes`,
      where: `contract ${name}`,
    });
  }
}

/** Contracts of one name one after the other, since their versions are numbered so; different ones side by side. */
async function inLanes(
  contracts: readonly Contract[],
  each: (contract: Contract) => Promise<unknown>,
): Promise<void> {
  const byName = new Map<string, Contract[]>();
  for (const contract of contracts) {
    const versions = byName.get(contract.name);
    if (versions === undefined) byName.set(contract.name, [contract]);
    else versions.push(contract);
  }
  const waiting = [...byName.values()].values();
  const lane = async () => {
    for (const versions of waiting) for (const contract of versions) await each(contract);
  };
  await Promise.all(Array.from({ length: MAX_LANES }, lane));
}

function checkId(schemaId: Uint8Array | string): Uint8Array {
  if (typeof schemaId === 'string' && HEX_ID.test(schemaId)) return fromHex(schemaId);
  if (schemaId instanceof Uint8Array && schemaId.length === ID_BYTES) return schemaId;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'not a schema id',
    expected: '16 bytes, or 32 hexadecimal digits',
    got: typeof schemaId === 'string' ? JSON.stringify(schemaId.slice(0, 64)) : `${schemaId.length} bytes`,
  });
}

function notUsed({ name }: Contract): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'a contract that this client does not use',
    got: name,
    advice: 'give it to connect in contracts, or await client.use(contract) first',
  });
}

function notRegistered({ name, hexId }: Contract, cause: ModwireError): ModwireError {
  return new ModwireError('NOT_FOUND', {
    what: 'the broker does not know the schema',
    expected: `a registered version of ${name}`,
    got: `schema id ${hexId}`,
    advice: 'register it first, with modwire contracts register, or connect without register: false',
    cause,
  });
}

function otherId({ name, hexId }: Contract, schemaId: Uint8Array): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'the broker takes the schema for another one',
    expected: `schema id ${hexId}`,
    got: toHex(schemaId),
    where: `contract ${name}`,
    advice: 'use client and broker of one version of Modwire',
  });
}

function wrongAnswer({ type }: Answer): ModwireError {
  return new ModwireError('PROTOCOL_VIOLATION', `the broker answered a call about a contract with ${type}`);
}
