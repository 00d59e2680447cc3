import { AssignmentWriter } from '../../codec/assignment-writer.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { BySchemaId } from '../../codec/schema-ids.js';
import { SubjectTable } from '../../codec/subject-table.js';
import type { Registry } from '../../registry/registry.js';
import { NO_BUCKET } from '../../routing/experiments/compiled-experiment.js';
import { both, type Eligibility } from '../calls/eligibility.js';
import type { BrokerCall } from '../calls/worker-group.js';
import type { CallAssignment } from './call-assignment.js';
import type { Experiments } from './experiments.js';
import type { Exposures } from './exposures.js';
import { payloadKeyOf } from './key-fields.js';
import { NO_PAYLOAD_KEYS, type PayloadKeys, RequestKey } from './request-key.js';
import type { RunningExperiment } from './running-experiment.js';

export interface AssignmentsParts {
  readonly experiments: Experiments;
  readonly registry: Registry;
  readonly exposures: Exposures;
}

/** What the requests of a subject are assigned by. */
interface Way {
  readonly experiment: RunningExperiment;
  readonly payloads: PayloadKeys;
}

/** Subjects of which that is remembered; beyond it the memory starts anew. */
const MAX_REMEMBERED = 65_536;

/** A request that takes long keeps so much alive. Bytes. */
const SLAB_BYTES = 8 * 1024;

/** Decides to which variant of its experiment a request goes, and writes that into the request. */
export class Assignments {
  readonly #parts: AssignmentsParts;
  readonly #writer = new AssignmentWriter(SLAB_BYTES);
  readonly #key = new RequestKey();
  #ways = new SubjectTable<{ readonly way: Way | undefined }>();

  constructor(parts: AssignmentsParts) {
    const forget = () => {
      this.#ways = new SubjectTable();
    };
    this.#parts = parts;
    parts.experiments.onChange(forget);
    parts.registry.onChange(forget);
  }

  /** Assigns a request before it is routed; its payload keeps the contract of its subject. Few subjects have an experiment. */
  assign(call: BrokerCall): void {
    if (this.#parts.experiments.isEmpty) return;
    const { frame } = call;
    // What was recorded has been assigned before; now it goes where it is sent.
    if ((frame.flags & FrameFlags.replayed) !== 0) return;
    const way = this.#wayOf(frame);
    if (way === undefined) return;
    const { experiment, payloads } = way;
    const asked = call.eligibility;
    const exposure = (frame.flags & FrameFlags.mirrored) === 0 ? 'due' : 'none';
    const said = experiment.variantSaidBy(frame);
    if (said >= 0) {
      const decided = { variant: said, bucket: NO_BUCKET, reason: 'kept', keyHash: '' } as const;
      place(call, { experiment, ...decided, asked, exposure });
      return;
    }
    const { exposures } = this.#parts;
    const key = this.#key;
    const hasKey = key.read(experiment, frame, payloads);
    const bucket = hasKey ? experiment.compiled.bucketOf(key.bytes, key.start, key.end) : NO_BUCKET;
    const keyHash = hasKey && exposures.areWanted(experiment) ? exposures.hash(experiment, key) : '';
    const variant = experiment.compiled.variantOf(bucket);
    const reason = hasKey ? 'bucket' : 'default';
    place(call, { experiment, variant, bucket, reason, keyHash, asked, exposure });
    call.frame = this.#writer.write(frame, experiment.variants[variant]!.texts);
  }

  /** Tells of a request where it is now. */
  tell(call: BrokerCall): void {
    const { assignment } = call;
    if (assignment === undefined || assignment.exposure === 'none') return;
    assignment.exposure = 'told';
    this.#parts.exposures.tell(call, assignment);
  }

  /**
   * Nobody serves the variant of a request: it goes to the one that the experiment has instead. False when there is none, or
   * no experiment.
   */
  fallBack(call: BrokerCall): boolean {
    const { assignment } = call;
    if (assignment === undefined) return false;
    const { experiment, exposure, reason } = assignment;
    const variant = experiment.insteadOf(assignment.variant, reason === 'fallback');
    if (variant === undefined) return false;
    place(call, { ...assignment, variant, reason: 'fallback' });
    call.frame = this.#writer.write(call.frame, experiment.variants[variant]!.texts);
    if (exposure === 'told') this.tell(call);
    return true;
  }

  #wayOf(frame: FrameView): Way | undefined {
    const known = this.#ways.find(frame);
    if (known !== undefined) return known.way;
    const { experiments, registry } = this.#parts;
    const experiment = experiments.of(frame.subject);
    const way = experiment && { experiment, payloads: payloadsOf(registry, experiment, frame.subject) };
    if (this.#ways.size >= MAX_REMEMBERED) this.#ways = new SubjectTable();
    this.#ways.add(frame, { way });
    return way;
  }
}

function payloadsOf(registry: Registry, { compiled }: RunningExperiment, subject: string): PayloadKeys {
  const { keySource } = compiled;
  if (keySource.from !== 'payload') return NO_PAYLOAD_KEYS;
  // What is bound no more is not verified any more.
  const contract = registry.bindingOf(subject, 'request')?.contract;
  if (contract === undefined) return NO_PAYLOAD_KEYS;
  return new BySchemaId((id) => payloadKeyOf(registry, contract, id, keySource.path));
}

function place(call: BrokerCall, assignment: CallAssignment): void {
  const { experiment, variant, asked } = assignment;
  call.assignment = assignment;
  call.eligibility = bothOf(asked, experiment.variants[variant]!.eligibility);
}

function bothOf(asked: Eligibility | undefined, given: Eligibility | undefined): Eligibility | undefined {
  if (asked === undefined) return given;
  return given === undefined ? asked : both(asked, given);
}
