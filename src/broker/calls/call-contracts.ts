import type { FrameView } from '../../codec/frame-view.js';
import { Memory } from '../../codec/memory.js';
import { SubjectTable } from '../../codec/subject-table.js';
import type { Registry } from '../../registry/registry.js';
import type { ExplainedContract } from '../../routing/calls/call-explanation.js';
import type { HeavyWork } from '../../workers/heavy-work.js';
import { type AcceptedVersion, type BoundContract, type BoundContracts, broken } from '../bound-contracts.js';
import { unbound } from '../contract-gates.js';
import type { DetourRoom } from '../detour-room.js';
import type { OffloadThreshold } from '../offload-threshold.js';
import type { Session } from '../session.js';
import type { SessionWaits } from '../session-waits.js';

export interface CallContractsParts {
  readonly registry: Registry;
  readonly contracts: BoundContracts;
  readonly work: HeavyWork;
  readonly offload: OffloadThreshold;
  readonly room: DetourRoom;
  readonly waits: SessionWaits;
  /** Whether subjects that are bound to no contract are refused. */
  readonly requireContracts: boolean;
}

/** Subjects of which it is remembered what they are bound to; beyond it the memory starts anew. */
const MAX_REMEMBERED = 65_536;

type Use = 'request' | 'reply';

/** What subjects are bound to. */
type Bound = Readonly<Record<Use, SubjectTable<{ readonly contract: BoundContract | undefined }>>>;

function unknown(): Bound {
  return { request: new SubjectTable(), reply: new SubjectTable() };
}

/** Holds requests and replies against what their subjects are bound to. */
export class CallContracts {
  readonly #parts: CallContractsParts;
  #bound = unknown();

  constructor(parts: CallContractsParts) {
    this.#parts = parts;
    parts.registry.onChange(() => {
      this.#bound = unknown();
    });
  }

  /**
   * Verifies a frame on the spot. Returns the version that it is yet to be verified against by the pool when it is
   * large. Throws what refuses it.
   */
  check(frame: FrameView, use: Use): AcceptedVersion | undefined {
    const { contracts, offload, requireContracts } = this.#parts;
    const contract = this.#contractOf(frame, use);
    if (contract === undefined) {
      if (requireContracts && use === 'request') throw unbound(frame.subject);
      return undefined;
    }
    const version = contracts.versionOf(contract, frame);
    if (frame.payloadLength >= offload.bytes) return version;
    contracts.verify(version, frame);
    return undefined;
  }

  /** What a frame has to keep, and which version of it the frame says it is of; null without a binding. */
  boundTo(frame: FrameView, use: Use): Omit<ExplainedContract, 'verified'> | null {
    const contract = this.#contractOf(frame, use);
    if (contract === undefined) return null;
    return { name: contract.name, version: contract.versions.of(frame)?.version ?? null };
  }

  /** Makes room for a frame that waits to be verified; throws RESOURCE_EXHAUSTED when there is none. */
  hold(byteLength: number, subject: string, from: Session | undefined): void {
    this.#parts.room.take(byteLength, subject);
    if (from !== undefined) this.#parts.waits.waits(from, byteLength);
  }

  /** It waits no longer, and what became of it has been said. */
  letGo(byteLength: number, from: Session | undefined): void {
    this.#parts.room.giveBack(byteLength);
    if (from !== undefined) this.#parts.waits.settled(from, byteLength);
  }

  /** Verifies a frame, which is a copy of its own, by the pool. Rejects with what refuses it. */
  async verify(frame: FrameView, version: AcceptedVersion): Promise<void> {
    const { payloadStart, payloadEnd } = frame;
    const { bytes, violation } = await this.#parts.work.verify(
      ...([version.program, frame.memory.u8, payloadStart, payloadEnd] as const),
    );
    frame.memory = new Memory(bytes);
    if (violation !== undefined) throw broken(version, frame, violation.text);
  }

  #contractOf(frame: FrameView, use: Use): BoundContract | undefined {
    const known = this.#bound[use].find(frame);
    if (known !== undefined) return known.contract;
    const { registry, contracts } = this.#parts;
    const binding = registry.bindingOf(frame.subject, use);
    const contract = binding === undefined ? undefined : contracts.of(binding.contract);
    if (this.#bound[use].size >= MAX_REMEMBERED) this.#bound = unknown();
    this.#bound[use].add(frame, { contract });
    return contract;
  }
}
