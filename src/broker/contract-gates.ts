import type { FrameView } from '../codec/frame-view.js';
import { ContentType } from '../codec/generated/modwire/content-type.js';
import { BySchemaId, schemaIdOf } from '../codec/schema-ids.js';
import { isReserved } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import { PayloadVerifier } from '../native/payload-verifier.js';
import type { Registry } from '../registry/registry.js';
import type { BrokerGate, BrokerSubject, BrokerSubjects, Session } from './session.js';
import { type AcceptedVersion, type BoundContract, SubjectGate } from './subject-gate.js';

const JSON_ADVICE = 'encode it with the contract, or publish JSON with POST /v1/publish';

export interface ContractGatesParts {
  readonly registry: Registry;
  readonly subjects: BrokerSubjects;
  /** Whether subjects that are bound to no contract are refused. */
  readonly requireContracts: boolean;
  /** Whether some consumer of the subject says which schemas it reads. */
  readonly isNarrow: (subject: string) => boolean;
  /** Forgets whom the subject's frames reach by their schema. */
  readonly widen: (subject: BrokerSubject, gate: BrokerGate) => void;
}

/** Holds frames against the contracts of their subjects. */
export class ContractGates {
  readonly #parts: ContractGatesParts;
  readonly #verifier = new PayloadVerifier();
  readonly #contracts = new Map<string, BoundContract>();
  #bindings = '';

  constructor(parts: ContractGatesParts) {
    this.#parts = parts;
    this.#bindings = this.#bindingsText();
    parts.registry.onChange(() => this.#changed());
  }

  /** Finds anew what the frames of a subject have to pass. */
  renew(subject: BrokerSubject): void {
    const { registry, requireContracts, isNarrow } = this.#parts;
    const reserved = isReserved(subject.text);
    const binding = reserved ? undefined : registry.bindingOf(subject.text, 'message');
    const unbound = requireContracts && !reserved && binding === undefined;
    const narrow = isNarrow(subject.text);
    const free = !reserved && !unbound && !narrow && binding === undefined;
    if (free && subject.gate === undefined) return;
    const gate = subject.gate ?? new SubjectGate<Session>();
    gate.reserved = reserved;
    gate.unbound = unbound;
    gate.narrow = narrow;
    gate.contract = binding === undefined ? undefined : this.#contract(binding.contract);
    this.#parts.widen(subject, gate);
    // Frames that wait go first, whatever has become of the contract.
    subject.gate = free && gate.waiting === 0 ? undefined : gate;
  }

  /** The version that a frame must verify against; undefined when its subject has no contract. Throws what refuses it. */
  versionOf(gate: BrokerGate, frame: FrameView): AcceptedVersion | undefined {
    if (gate.reserved) throw reserved(frame.subject);
    if (gate.unbound) throw unbound(frame.subject);
    const { contract } = gate;
    if (contract === undefined) return undefined;
    const version = contract.versions.of(frame);
    if (version === undefined) throw this.#unknownVersion(contract, frame);
    if (frame.contentType !== ContentType.flatbuffer) throw notFlatBuffer(contract, frame);
    return version;
  }

  /** Verifies a payload on the spot. Throws CONTRACT_VIOLATION. */
  verify(gate: BrokerGate, version: AcceptedVersion, frame: FrameView): void {
    const violation = this.#verifier.verify(
      version.program,
      frame.memory,
      frame.payloadStart,
      frame.payloadEnd,
    );
    if (violation !== undefined) throw broken(gate, version, frame, violation.text);
  }

  #contract(name: string): BoundContract {
    let contract = this.#contracts.get(name);
    if (contract === undefined) {
      const { registry } = this.#parts;
      const versions = new BySchemaId((id): AcceptedVersion | undefined => {
        const accepted = registry.acceptedVersion(name, id);
        const schema = accepted && registry.schema(id);
        return schema && { version: accepted.version, program: schema.compiled.program };
      });
      contract = { name, versions };
      this.#contracts.set(name, contract);
    }
    return contract;
  }

  #changed(): void {
    for (const contract of this.#contracts.values()) contract.versions.reset();
    const bindings = this.#bindingsText();
    if (bindings === this.#bindings) return;
    this.#bindings = bindings;
    this.#parts.subjects.visitAll((subject) => this.renew(subject));
  }

  #bindingsText(): string {
    return JSON.stringify(this.#parts.registry.contracts().map(({ bindings }) => bindings));
  }

  #unknownVersion(contract: BoundContract, frame: FrameView): ModwireError {
    const { registry } = this.#parts;
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
export function broken(
  gate: BrokerGate,
  version: AcceptedVersion,
  frame: FrameView,
  violation: string,
): ModwireError {
  return new ModwireError('CONTRACT_VIOLATION', {
    what: violation,
    where: `${gate.contract?.name ?? 'contract'}@${version.version}, subject ${frame.subject}`,
  });
}

function reserved(subject: string): ModwireError {
  return new ModwireError('PERMISSION_DENIED', {
    what: 'reserved subject',
    expected: 'a subject that does not begin with $',
    got: subject,
  });
}

function unbound(subject: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'subject without a contract',
    expected: 'a subject that is bound to a contract: this broker requires it',
    got: subject,
    advice: 'bind it with modwire contracts bind, or turn requireContracts off',
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
