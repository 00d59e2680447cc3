import type { ControlMessage, ControlOf } from '../codec/control-message.js';
import { fromHex, toHex } from '../codec/message-id.js';
import { ModwireError, toModwireError } from '../errors.js';
import { emit } from '../events.js';
import type { Registry } from '../registry/registry.js';
import { consumersUnableToRead } from './contract-consumers.js';
import type { LiveConsumers } from './live-consumers.js';
import type { Session } from './session.js';

/** Registrations and resolutions of one session at once: clients ask for their few contracts when they connect. */
const MAX_CALLS = 64;

export interface ContractCallsParts {
  readonly registry: Registry;
  readonly consumers: LiveConsumers;
}

/** Answers clients that register or resolve the schemas of their contracts. */
export class ContractCalls {
  readonly #parts: ContractCallsParts;

  constructor(parts: ContractCallsParts) {
    this.#parts = parts;
  }

  register(session: Session, message: ControlOf<'register'>): void {
    void this.#answer(session, message.call, async () => {
      const { registry, consumers } = this.#parts;
      const { call, contract, root, schema } = message;
      const { version, isNew } = await registry.register({ contract, bfbs: schema, root });
      const unable = consumersUnableToRead(registry, consumers, contract, (reader) =>
        registry.reads(reader, version.schemaId),
      );
      return {
        type: 'registered',
        call,
        contract,
        version: version.version,
        schemaId: fromHex(version.schemaId),
        isNew,
        unreadableBy: [...new Set(unable.map(({ client }) => client))],
      };
    });
  }

  resolve(session: Session, { call, schemaId }: ControlOf<'resolve'>): void {
    void this.#answer(session, call, async () => {
      const id = toHex(schemaId);
      const schema = this.#parts.registry.schema(id);
      const version = schema?.versions.find(({ deleted }) => !deleted) ?? schema?.versions[0];
      if (schema === undefined || version === undefined) {
        throw new ModwireError('NOT_FOUND', {
          what: 'no such schema',
          expected: 'the id of a registered schema',
          got: id,
          advice: 'register it with modwire contracts register',
        });
      }
      const { contract, root } = version;
      return {
        type: 'resolved',
        ...{ call, contract, version: version.version, schemaId, root, schema: schema.bfbs },
      };
    });
  }

  async #answer(session: Session, call: number, ask: () => Promise<ControlMessage>): Promise<void> {
    session.calls++;
    try {
      if (session.calls > MAX_CALLS) {
        throw new ModwireError('RESOURCE_EXHAUSTED', {
          what: 'too many calls at once',
          expected: `at most ${MAX_CALLS} of a session`,
          got: 'one more',
        });
      }
      const answer = await ask();
      if (!session.closed) session.send(answer);
    } catch (thrown) {
      const error = toModwireError(thrown);
      emit('modwire:refused', () => ({
        session: session.memberId,
        code: error.code,
        message: error.message,
      }));
      if (session.closed) return;
      session.send({ type: 'failure', code: error.row.number, message: error.message, call });
    } finally {
      session.calls--;
    }
  }
}
