import { AssignmentTexts } from '../../codec/assignment-texts.js';
import type { FrameView } from '../../codec/frame-view.js';
import { isText, textPlace } from '../../codec/text-places.js';
import { encodeUtf8 } from '../../codec/utf8.js';
import { CompiledExperiment } from '../../routing/experiments/compiled-experiment.js';
import { type Eligibility, inGroup, inRange } from '../calls/eligibility.js';
import type { KeptExperiment } from './kept-experiment.js';

/** A variant as requests meet it. */
export interface RunningVariant {
  readonly name: string;
  /** Undefined: whoever serves the subject. */
  readonly eligibility: Eligibility | undefined;
  /** What a request is written that goes to it. */
  readonly texts: AssignmentTexts;
  /** UTF-8. */
  readonly nameBytes: Uint8Array;
}

/** An experiment that requests are assigned by, with all that they need of it. */
export class RunningExperiment {
  readonly kept: KeptExperiment;
  readonly compiled: CompiledExperiment;
  /** In the order of the experiment. */
  readonly variants: readonly RunningVariant[];
  /** Of the header that holds the key, if one does; UTF-8. */
  readonly header: Uint8Array;
  readonly #nameBytes: Uint8Array;

  constructor(kept: KeptExperiment) {
    const { name, variants } = kept.experiment;
    this.kept = kept;
    this.compiled = new CompiledExperiment(kept.experiment, kept.table);
    this.variants = variants.map((variant) => ({
      name: variant.name,
      eligibility: eligibilityOf(variant.version, variant.service),
      texts: new AssignmentTexts(name, variant.name),
      nameBytes: encodeUtf8(variant.name),
    }));
    const { keySource } = this.compiled;
    this.header = encodeUtf8(keySource.from === 'header' ? keySource.name : '');
    this.#nameBytes = encodeUtf8(name);
  }

  get name(): string {
    return this.kept.experiment.name;
  }

  /**
   * Index of the variant for a request whose own nobody serves: the default. With a rollout each of two versions stands in
   * for the other, once for a request: workers are being replaced. Undefined when there is none.
   */
  insteadOf(variant: number, hasFallenBack: boolean): number | undefined {
    const { defaultVariant } = this.compiled;
    if (variant !== defaultVariant) return defaultVariant;
    if (this.kept.revision > 0 || this.variants.length < 2 || hasFallenBack) return undefined;
    return this.variants.findIndex((_, index) => index !== variant);
  }

  /** Index of the variant of this experiment that a frame says it was assigned to; -1 when it says none. */
  variantSaidBy(frame: FrameView): number {
    const experiment = textPlace(frame, 'experiment');
    const variant = experiment < 0 ? -1 : textPlace(frame, 'variant');
    if (variant < 0) return -1;
    const { u8, data } = frame.memory;
    if (!isText(u8, data, experiment, this.#nameBytes)) return -1;
    return this.variants.findIndex(({ nameBytes }) => isText(u8, data, variant, nameBytes));
  }
}

function eligibilityOf(version: string | undefined, service: string | undefined): Eligibility | undefined {
  if (version !== undefined) return inRange(version, service);
  return service === undefined ? undefined : inGroup(service);
}
