import type { ControlOf } from '../../codec/control-message.js';
import { ModwireError } from '../../errors.js';
import type { Session } from '../session.js';
import { answerCall } from '../session-calls.js';

/** Does something with what it is told in JSON, and returns, or resolves to, what becomes JSON. Throws or rejects with what refuses it. */
export type Operation = (argument: unknown) => unknown;

export type OperationTable = Readonly<Record<string, Operation>>;

/** What clients ask for by name, over their connection or over HTTP, seldom. */
export class Operations {
  readonly #byName: ReadonlyMap<string, Operation>;

  constructor(...tables: readonly OperationTable[]) {
    this.#byName = new Map(tables.flatMap((table) => Object.entries(table)));
  }

  /** Rejects with UNIMPLEMENTED for a name that is none of an operation, and with what refuses it. */
  async run(name: string, argument: unknown): Promise<unknown> {
    const operation = this.#byName.get(name);
    if (operation !== undefined) return operation(argument);
    throw new ModwireError('UNIMPLEMENTED', {
      what: 'no such operation',
      expected: `one of ${[...this.#byName.keys()].join(', ')}`,
      got: name.slice(0, 80),
      advice: 'use a broker of a later version',
    });
  }

  /** Answers a client. */
  manage(session: Session, { call, operation, json }: ControlOf<'manage'>): void {
    void answerCall(session, call, async () => {
      const answer = await this.run(operation, read(json));
      return { type: 'managed', call, json: JSON.stringify(answer) };
    });
  }
}

function read(json: string): unknown {
  if (json === '') return {};
  try {
    return JSON.parse(json);
  } catch (thrown) {
    const got = (thrown as Error).message;
    throw new ModwireError('INVALID_ARGUMENT', { what: 'not understood', expected: 'JSON', got });
  }
}
