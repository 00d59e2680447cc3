import type { FrameView } from '../codec/frame-view.js';
import { ContentType } from '../codec/generated/modwire/content-type.js';
import { BySchemaId, schemaIdOf } from '../codec/schema-ids.js';
import type { Program } from '../contracts/program.js';
import { ModwireError } from '../errors.js';
import { PayloadVerifier } from '../native/payload-verifier.js';
import type { Registry } from '../registry/registry.js';

const JSON_ADVICE = 'encode it with the contract, or publish JSON with POST /v1/publish';

/** A version of a contract whose frames are taken. */
export interface AcceptedVersion {
  /** Name of the contract. */
  readonly contract: string;
  readonly version: number;
  readonly program: Program;
}

/** A contract that subjects are bound to, as frames meet it. */
export interface BoundContract {
  readonly name: string;
  /** The version that a frame says it is of; undefined when that is none of the contract's. */
  readonly versions: BySchemaId<AcceptedVersion | undefined>;
}

/** Holds frames against contracts. */
export class BoundContracts {
  readonly #registry: Registry;
  readonly #verifier = new PayloadVerifier();
  readonly #contracts = new Map<string, BoundContract>();

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  of(name: string): BoundContract {
    let contract = this.#contracts.get(name);
    if (contract === undefined) {
      const registry = this.#registry;
      const versions = new BySchemaId((id): AcceptedVersion | undefined => {
        const accepted = registry.acceptedVersion(name, id);
        const schema = accepted && registry.schema(id);
        return schema && { contract: name, version: accepted.version, program: schema.compiled.program };
      });
      contract = { name, versions };
      this.#contracts.set(name, contract);
    }
    return contract;
  }

  /** Versions have come or gone. */
  reset(): void {
    for (const contract of this.#contracts.values()) contract.versions.reset();
  }

  /** The version that a frame must verify against. Throws CONTRACT_VIOLATION. */
  versionOf(contract: BoundContract, frame: FrameView): AcceptedVersion {
    const version = contract.versions.of(frame);
    if (version === undefined) throw this.#unknownVersion(contract, frame);
    if (frame.contentType !== ContentType.flatbuffer) throw notFlatBuffer(contract, frame);
    return version;
  }

  /** Verifies a payload on the spot. Throws CONTRACT_VIOLATION. */
  verify(version: AcceptedVersion, frame: FrameView): void {
    const { memory, payloadStart, payloadEnd } = frame;
    const violation = this.#verifier.verify(version.program, memory, payloadStart, payloadEnd);
    if (violation !== undefined) throw broken(version, frame, violation.text);
  }

  #unknownVersion(contract: BoundContract, frame: FrameView): ModwireError {
    const registry = this.#registry;
    const id = schemaIdOf(frame);
    const versions = registry.contract(contract.name)?.versions.filter(({ deleted }) => !deleted) ?? [];
    const latest = versions.at(-1);
    const known = registry.schema(id)?.versions.map((one) => `${one.contract}@${one.version}`);
    return new ModwireError('CONTRACT_VIOLATION', {
      what: 'not of a version of the contract',
      expected:
        latest === undefined
          ? `a version of ${contract.name}, which has none`
          : `a schema id of ${contract.name}, such as ${latest.schemaId} (version ${latest.version})`,
      got: frame.schemaId === undefined ? 'no schema id' : `${id} (${known?.join(', ') ?? 'not registered'})`,
      where: `subject ${frame.subject}`,
      advice:
        frame.contentType === ContentType.json
          ? JSON_ADVICE
          : `register the schema as a version of ${contract.name}, or publish one that is`,
    });
  }
}

/** The error of a payload that does not verify. */
export function broken(version: AcceptedVersion, frame: FrameView, violation: string): ModwireError {
  return new ModwireError('CONTRACT_VIOLATION', {
    what: violation,
    where: `${version.contract}@${version.version}, subject ${frame.subject}`,
  });
}

function notFlatBuffer(contract: BoundContract, frame: FrameView): ModwireError {
  const { contentType } = frame;
  return new ModwireError('CONTRACT_VIOLATION', {
    what: 'not a FlatBuffers payload',
    expected: `content type flatbuffer, as ${contract.name} asks for`,
    got: ContentType[contentType] ?? `content type ${contentType}`,
    where: `subject ${frame.subject}`,
    advice: JSON_ADVICE,
  });
}
