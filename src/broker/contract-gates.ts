import type { FrameView } from '../codec/frame-view.js';
import { isReserved } from '../codec/subject.js';
import { ModwireError } from '../errors.js';
import type { Registry } from '../registry/registry.js';
import type { AcceptedVersion, BoundContracts } from './bound-contracts.js';
import type { BrokerGate, BrokerSubject, BrokerSubjects, Session } from './session.js';
import { SubjectGate } from './subject-gate.js';

export interface ContractGatesParts {
  readonly registry: Registry;
  readonly contracts: BoundContracts;
  readonly subjects: BrokerSubjects;
  /** Whether subjects that are bound to no contract are refused. */
  readonly requireContracts: boolean;
  /** The stream that captures a subject. */
  readonly streamOf: (subject: string) => string | undefined;
  /** Whether some consumer of the subject says which schemas it reads. */
  readonly isNarrow: (subject: string) => boolean;
  /** Forgets whom the subject's frames reach by their schema. */
  readonly widen: (subject: BrokerSubject, gate: BrokerGate) => void;
}

/** Holds frames against the contracts of their subjects. */
export class ContractGates {
  readonly #parts: ContractGatesParts;
  #bindings = '';

  constructor(parts: ContractGatesParts) {
    this.#parts = parts;
    this.#bindings = this.#bindingsText();
    parts.registry.onChange(() => this.#changed());
  }

  /** Finds anew what the frames of a subject have to pass. */
  renew(subject: BrokerSubject): void {
    const { registry, requireContracts, isNarrow, streamOf } = this.#parts;
    const reserved = isReserved(subject.text);
    const binding = reserved ? undefined : registry.bindingOf(subject.text, 'message');
    const unbound = requireContracts && !reserved && binding === undefined;
    const narrow = isNarrow(subject.text);
    const shared = (subject.gate?.groups.length ?? 0) > 0;
    const stream = streamOf(subject.text);
    const free = !reserved && !unbound && !narrow && !shared && binding === undefined && stream === undefined;
    if (free && subject.gate === undefined) return;
    const gate = subject.gate ?? new SubjectGate<Session>();
    gate.reserved = reserved;
    gate.unbound = unbound;
    gate.narrow = narrow;
    gate.stream = stream;
    gate.contract = binding === undefined ? undefined : this.#parts.contracts.of(binding.contract);
    this.#parts.widen(subject, gate);
    // Frames that wait go first, whatever has become of the contract.
    subject.gate = free && gate.waiting === 0 && gate.keeping === 0 ? undefined : gate;
  }

  /** The version that a frame must verify against; undefined when its subject has no contract. Throws what refuses it. */
  versionOf(gate: BrokerGate, frame: FrameView): AcceptedVersion | undefined {
    if (gate.reserved) throw reserved(frame.subject);
    if (gate.unbound) throw unbound(frame.subject);
    const { contract } = gate;
    return contract && this.#parts.contracts.versionOf(contract, frame);
  }

  #changed(): void {
    this.#parts.contracts.reset();
    const bindings = this.#bindingsText();
    if (bindings === this.#bindings) return;
    this.#bindings = bindings;
    this.#parts.subjects.visitAll((subject) => this.renew(subject));
  }

  #bindingsText(): string {
    return JSON.stringify(this.#parts.registry.contracts().map(({ bindings }) => bindings));
  }
}

/** The error of a subject on which only the broker publishes. */
export function reserved(subject: string): ModwireError {
  return new ModwireError('PERMISSION_DENIED', {
    what: 'reserved subject',
    expected: 'a subject that does not begin with $',
    got: subject,
  });
}

/** The error of a subject without a contract where one is required. */
export function unbound(subject: string): ModwireError {
  return new ModwireError('FAILED_PRECONDITION', {
    what: 'subject without a contract',
    expected: 'a subject that is bound to a contract: this broker requires it',
    got: subject,
    advice: 'bind it with modwire contracts bind, or turn requireContracts off',
  });
}
