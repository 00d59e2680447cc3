import { createHash } from 'node:crypto';
import { ID_BYTES } from '../../codec/frame-layout.js';
import { FrameWriter } from '../../codec/frame-writer.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { formatUuid, IdGenerator } from '../../codec/message-id.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import { nowMicros } from '../clock.js';
import type { AssignmentReason, CallAssignment } from './call-assignment.js';
import type { RequestKey } from './request-key.js';
import type { RunningExperiment } from './running-experiment.js';

/** What is published of a request that has been assigned, as JSON. */
export interface Exposure {
  readonly experiment: string;
  readonly variant: string;
  readonly reason: AssignmentReason;
  /** 0 to 9,999; null when no key has decided. */
  readonly bucket: number | null;
  /** 32 hexadecimal digits; null without a key. The key itself may say who somebody is. */
  readonly keyHash: string | null;
  /** As a UUID. */
  readonly requestId: string;
  readonly subject: string;
  /** Unix time. Milliseconds. */
  readonly at: number;
}

export interface ExposuresParts {
  /** Publishes a frame of the broker's own. */
  readonly publish: (bytes: Uint8Array) => void;
  /** Whether somebody subscribes to a subject. */
  readonly isWanted: (subject: string) => boolean;
  /** Another number whenever that may have changed. */
  readonly changes: () => number;
}

/** A request as it is told of. */
export interface ExposedRequest {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly subject: string;
}

interface Wanted {
  readonly as: number;
  readonly wanted: boolean;
}

const HASH_BYTES = 16;
const ZERO = new Uint8Array(1);

/** The subject on which an experiment's assignments are told. */
export function exposuresOf(experiment: string): string {
  return `$experiments.${experiment}.exposures`;
}

/** Tells whoever subscribes where requests were assigned. While nobody does nothing is made or counted. */
export class Exposures {
  readonly #parts: ExposuresParts;
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();
  readonly #wanted = new WeakMap<RunningExperiment, Wanted>();

  constructor(parts: ExposuresParts) {
    this.#parts = parts;
  }

  /** Whether somebody wants to know of an experiment. */
  areWanted(experiment: RunningExperiment): boolean {
    const { isWanted, changes } = this.#parts;
    const as = changes();
    const known = this.#wanted.get(experiment);
    if (known?.as === as) return known.wanted;
    const wanted = isWanted(exposuresOf(experiment.name));
    this.#wanted.set(experiment, { as, wanted });
    return wanted;
  }

  /** SHA-256 of the experiment's salt, a zero byte and the key, of which half is enough. */
  hash({ kept }: RunningExperiment, { bytes, start, end }: RequestKey): string {
    const hash = createHash('sha256').update(encodeUtf8(kept.experiment.assign.salt)).update(ZERO);
    return hash.update(bytes.subarray(start, end)).digest().toString('hex', 0, HASH_BYTES);
  }

  /** Tells of a request, if anybody wants to know. */
  tell({ id: request, subject }: ExposedRequest, assignment: CallAssignment): void {
    const { experiment, variant, bucket, reason, keyHash } = assignment;
    if (!this.areWanted(experiment)) return;
    const publishedAt = nowMicros();
    const at = Math.floor(publishedAt / 1000);
    const exposure: Exposure = {
      ...{ experiment: experiment.name, variant: experiment.variants[variant]!.name, reason },
      bucket: bucket < 0 ? null : bucket,
      keyHash: keyHash === '' ? null : keyHash,
      ...{ requestId: formatUuid(request), subject, at },
    };
    const id = new Uint8Array(ID_BYTES);
    this.#ids.nextId(id, at);
    this.#parts.publish(
      this.#writer.encode({
        ...{ id, publishedAt, subject: exposuresOf(experiment.name), causationId: request },
        payload: encodeUtf8(JSON.stringify(exposure)),
        contentType: ContentType.json,
      }),
    );
  }
}
