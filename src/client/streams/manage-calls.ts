import type { ControlOf } from '../../codec/control-message.js';
import { ModwireError } from '../../errors.js';
import type { Link } from '../link.js';
import { notConnected } from '../not-connected.js';
import { PendingAnswers } from '../pending-answers.js';

export interface ManageCallsParts {
  readonly link: Link;
  /** Milliseconds. */
  readonly answerMs: number;
  /** Numbers that the broker's answers name. */
  readonly nextNumber: () => number;
  /** Told when somebody begins to wait for an answer, and when nobody does any more. */
  readonly awaiting: () => void;
}

/** What a client asks of its broker seldom, by the name of the operation, with JSON there and back. */
export class ManageCalls {
  readonly #parts: ManageCallsParts;
  readonly #calls: PendingAnswers<number, string>;

  constructor(parts: ManageCallsParts) {
    this.#parts = parts;
    this.#calls = new PendingAnswers('answer about streams', parts.answerMs, parts.awaiting);
  }

  /** Whether somebody waits for an answer. */
  get awaited(): boolean {
    return this.#calls.size > 0;
  }

  /** Rejects with what the broker says when it refuses, and UNAVAILABLE without a connection. */
  async make(operation: string, argument: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    const call = this.#parts.nextNumber();
    const answer = this.#calls.wait(call, signal);
    const json = JSON.stringify(argument) ?? '';
    if (!this.#parts.link.send({ type: 'manage', call, operation, json })) {
      this.#calls.reject(call, notConnected());
    }
    return readAnswer(operation, await answer);
  }

  answered({ call, json }: ControlOf<'managed'>): void {
    this.#calls.resolve(call, json);
  }

  /** False when nobody waits for this call's answer. */
  refused(call: number, error: ModwireError): boolean {
    return this.#calls.reject(call, error);
  }

  /** The connection is gone. */
  lost(error: ModwireError): void {
    this.#calls.rejectAll(error);
  }
}

function readAnswer(operation: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new ModwireError('PROTOCOL_VIOLATION', {
      ...{ what: 'the broker answered what is no JSON', where: operation, cause },
    });
  }
}
