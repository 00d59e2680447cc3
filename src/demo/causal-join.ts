import { toHex } from '../codec/message-id.js';
import { ModwireError } from '../errors.js';

/** What features or a prediction say about the request that caused them. */
export interface Cause {
  /** Message id of that request, 16 bytes. */
  readonly id: Uint8Array;
  readonly correlationId: Uint8Array;
  readonly traceId: Uint8Array;
  /** Of the context's tokens. */
  readonly checksum: number;
}

export interface JoinFigures {
  /** Predictions that agree with their features. */
  readonly joined: number;
  readonly broken: number;
  /** Features without prediction, and predictions without features. */
  readonly waiting: number;
  /** How the first one disagreed. */
  readonly firstBroken?: string | undefined;
}

/** Most requests of which one half has come. That many are only reached when the others vanish. */
const MAX_WAITING = 1_000_000;

type Side = 'features' | 'prediction';

/** Joins features and predictions by request, whichever comes first, and holds what they say against each other. */
export class CausalJoin {
  readonly #waiting = new Map<number, { readonly side: Side; readonly cause: Cause }>();
  #joined = 0;
  #broken = 0;
  #firstBroken: string | undefined;

  /** Keeps `cause`. Throws RESOURCE_EXHAUSTED when too many wait. */
  add(side: Side, request: number, cause: Cause): void {
    const other = this.#waiting.get(request);
    if (other === undefined) {
      if (this.#waiting.size >= MAX_WAITING) throw full();
      this.#waiting.set(request, { side, cause });
      return;
    }
    if (other.side === side) {
      this.#break(`request ${request}: two ${side === 'features' ? 'feature frames' : 'predictions'}`);
      return;
    }
    this.#waiting.delete(request);
    const [features, prediction] = side === 'features' ? [cause, other.cause] : [other.cause, cause];
    const difference = differenceOf(features, prediction);
    if (difference === undefined) this.#joined++;
    else this.#break(`request ${request}: ${difference}`);
  }

  get figures(): JoinFigures {
    return {
      joined: this.#joined,
      broken: this.#broken,
      waiting: this.#waiting.size,
      firstBroken: this.#firstBroken,
    };
  }

  #break(text: string): void {
    this.#broken++;
    this.#firstBroken ??= text;
  }
}

function differenceOf(features: Cause, prediction: Cause): string | undefined {
  const names = [
    ['id', 'causation id'],
    ['correlationId', 'correlation id'],
    ['traceId', 'trace id'],
  ] as const;
  for (const [field, name] of names) {
    const expected = toHex(features[field]);
    const got = toHex(prediction[field]);
    if (expected !== got) return `${name} of the prediction: expected ${expected}, got ${got}`;
  }
  if (features.checksum === prediction.checksum) return undefined;
  return `checksum of the context: expected ${features.checksum}, got ${prediction.checksum}`;
}

function full(): ModwireError {
  return new ModwireError('RESOURCE_EXHAUSTED', {
    what: 'features remain without prediction',
    expected: `fewer than ${MAX_WAITING}`,
    got: `${MAX_WAITING}`,
  });
}
