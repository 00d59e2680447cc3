import type { ControlOf } from '../codec/control-message.js';
import { fromHex, toHex } from '../codec/message-id.js';
import { ModwireError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import { consumersUnableToRead } from './contract-consumers.js';
import type { LiveConsumers } from './live-consumers.js';
import type { Session } from './session.js';
import { answerCall } from './session-calls.js';

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
    void answerCall(session, message.call, async () => {
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
    void answerCall(session, call, async () => {
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
}
