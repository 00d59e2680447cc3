import { ContentType } from '../codec/generated/modwire/content-type.js';
import type { ErrorCode } from '../errors.js';
import type { ReplyComparison } from './difference.js';
import { JsonComparison } from './json-comparison.js';
import { MIRRORING_LIMITS } from './mirroring-limits.js';
import { type MirroredReply, type ReplyReading, readingName, readReply } from './reply-reading.js';
import { ReplyTally } from './reply-tally.js';
import { byteText, firstDifference } from './shown-value.js';
import { TableComparison } from './table-comparison.js';
import { TensorComparison } from './tensor-comparison.js';
import { type Tolerances, tolerancesOf } from './tolerance.js';

/** All that came back for a request. */
export interface MirroredOutcome {
  /** In order; of a request for one reply, one or none. */
  readonly replies: readonly MirroredReply[];
  /** What it ended with, unless that was the last reply. */
  readonly error?: ErrorCode | undefined;
}

export interface ComparisonOptions {
  /** Instead of the defaults. */
  readonly tolerances?: Partial<Tolerances>;
  /** Values that are compared. Default 1,048,576. */
  readonly maxElements?: number;
  /** Paths that are told apart. Default 1,024. */
  readonly maxPaths?: number;
  /** JSON above is compared as bytes. Default 1 MiB. */
  readonly maxJsonBytes?: number;
}

/**
 * What differs between the replies of two services to the same request, as docs/mirroring.md describes it. Takes payloads
 * from anybody: what does not verify is compared as bytes. The work is bounded; what it left out the result says. Throws
 * INVALID_ARGUMENT for a tolerance that is none, and for nothing else.
 */
export function compareReplies(
  primary: MirroredOutcome,
  shadow: MirroredOutcome,
  options: ComparisonOptions = {},
): ReplyComparison {
  const tally = new ReplyTally({
    maxElements: options.maxElements ?? MIRRORING_LIMITS.maxElements,
    maxPaths: options.maxPaths ?? MIRRORING_LIMITS.maxPaths,
  });
  const comparer = new ReplyComparer(tally, tolerancesOf(options.tolerances ?? {}));
  const maxJsonBytes = options.maxJsonBytes ?? MIRRORING_LIMITS.maxJsonBytes;
  compareEnds(tally, primary, shadow);
  const [a, b] = [primary.replies, shadow.replies];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    // Reading a reply takes time too.
    if (tally.take(1) === 0) break;
    tally.reply = a.length > 1 || b.length > 1 ? index : undefined;
    comparer.replies(a[index]!, b[index]!, maxJsonBytes);
  }
  return tally.finish();
}

/** How the calls ended and, if alike, after how many replies: one that failed has fewer. */
function compareEnds(tally: ReplyTally, primary: MirroredOutcome, shadow: MirroredOutcome): void {
  const [a, b] = [primary.error ?? 'OK', shadow.error ?? 'OK'];
  tally.compared(tally.outcome);
  if (a !== b) {
    tally.differs(tally.outcome, 'value', () => [a, b]);
    return;
  }
  const [countA, countB] = [primary.replies.length, shadow.replies.length];
  tally.compared(tally.replies);
  if (countA !== countB) tally.differs(tally.replies, 'length', () => [String(countA), String(countB)]);
}

class ReplyComparer {
  readonly #tally: ReplyTally;
  readonly #tolerances: Tolerances;
  readonly #tensors: TensorComparison;
  readonly #json: JsonComparison;

  constructor(tally: ReplyTally, tolerances: Tolerances) {
    this.#tally = tally;
    this.#tolerances = tolerances;
    this.#tensors = new TensorComparison(tally, tolerances);
    this.#json = new JsonComparison(tally, tolerances.JSON);
  }

  replies(primary: MirroredReply, shadow: MirroredReply, maxJsonBytes: number): void {
    const tally = this.#tally;
    tally.compared(tally.root);
    if (primary.contentType !== shadow.contentType) {
      tally.differs(tally.root, 'type', () => [contentText(primary), contentText(shadow)]);
    } else if (isLargeJson(primary, maxJsonBytes) || isLargeJson(shadow, maxJsonBytes)) {
      tally.leave('json');
      this.#bytes(primary.payload, shadow.payload);
    } else {
      const [a, b] = [readReply(primary), readReply(shadow)];
      if (a.form === 'tensors' && b.form === 'tensors') this.#tensors.responses(a.response, b.response);
      else if (a.form === 'JSON' && b.form === 'JSON') this.#json.documents(a.value, b.value);
      else if (a.form === 'bytes' && b.form === 'bytes') this.#bytes(primary.payload, shadow.payload);
      else if (a.form === 'table' && b.form === 'table' && readingName(a) === readingName(b))
        this.#tables(a, b);
      else tally.differs(tally.root, 'type', () => [readingName(a), readingName(b)]);
    }
  }

  #tables(a: TableReading, b: TableReading): void {
    const { root } = this.#tally;
    new TableComparison(a.payload, b.payload, this.#tally, this.#tolerances).payloads(root, a.root, b.root);
  }

  #bytes(primary: Uint8Array, shadow: Uint8Array): void {
    const tally = this.#tally;
    const most = tally.takeBytes(Math.max(primary.length, shadow.length));
    const place = firstDifference(primary, shadow, most);
    if (place < 0) return;
    tally.differs(tally.root, 'value', () => [byteText(primary, place), byteText(shadow, place)]);
  }
}

type TableReading = ReplyReading & { readonly form: 'table' };

function contentText({ contentType }: MirroredReply): string {
  return ContentType[contentType] ?? `content type ${contentType}`;
}

function isLargeJson({ contentType, payload }: MirroredReply, maxBytes: number): boolean {
  return contentType === ContentType.json && payload.length > maxBytes;
}
