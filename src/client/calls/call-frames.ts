import type { TraceContext } from '../../codec/frame-fields.js';
import { ID_BYTES, SPAN_ID_BYTES } from '../../codec/frame-layout.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { KnownTexts } from '../../codec/known-texts.js';
import { VERSION_HEADER } from '../../codec/version-header.js';
import type { Contract } from '../../contracts/contract.js';
import type { TableObject } from '../../contracts/table-class.js';
import { ModwireError } from '../../errors.js';
import { FrameFactory, type FrameOptions } from '../frame-factory.js';
import type { Outbox } from '../outbox.js';
import type { Payload } from '../publish-options.js';
import { errorHeaders } from './call-errors.js';
import type { CallTerms, RequestOptions } from './call-options.js';

const EMPTY = new Uint8Array(0);

/** Of the experiments and variants of requests. */
const names = new KnownTexts();

/** Writes the frames of calls into the outbox. */
export class CallFrames {
  readonly #factory = new FrameFactory();
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    this.#outbox = outbox;
  }

  /**
   * Returns its id. `firstId` is that of the first attempt, whose trace the others belong to. Throws what `publish`
   * throws.
   */
  request(terms: CallTerms, remainingMs: number, firstId: Uint8Array | undefined): Uint8Array {
    const { subject, contract, payload, idempotent, options } = terms;
    const fields = this.#factory.make(
      subject,
      packed(contract, payload),
      requestOptions(terms, Math.max(1, Math.round(remainingMs * 1_000)), firstId),
      requestFlags(options, idempotent),
      contract?.id,
      Kind.request,
    );
    const id = fields.id.slice();
    this.#outbox.add(fields);
    return id;
  }

  /** A reply; `undefined` has no payload. `answered`: of `answerTo`, and what else the frame says. Throws what `publish` throws. */
  reply(
    subject: string,
    answered: FrameOptions,
    contract: Contract | undefined,
    payload: unknown,
    more: boolean,
  ): void {
    const isEmpty = payload === undefined;
    const bytes = isEmpty ? EMPTY : packed(contract, payload);
    const schemaId = isEmpty ? undefined : contract?.id;
    const flags = more ? FrameFlags.more : 0;
    this.#outbox.add(this.#factory.make(subject, bytes, answered, flags, schemaId, Kind.reply));
  }

  /** `answered`: of `answerTo`. */
  error(subject: string, answered: FrameOptions, error: ModwireError): void {
    const options = { ...answered, headers: errorHeaders(error) };
    this.#outbox.add(this.#factory.make(subject, EMPTY, options, 0, undefined, Kind.error));
  }

  cancel(subject: string, id: Uint8Array): void {
    try {
      const options = { correlationId: id };
      this.#outbox.add(this.#factory.make(subject, EMPTY, options, 0, undefined, Kind.cancel));
    } catch (thrown) {
      // The outbox is full: the request's deadline ends it at the broker.
      if (!(thrown instanceof ModwireError)) throw thrown;
    }
  }
}

/**
 * What every answer to a request says of it: whom it answers, the trace that the request carries, and the experiment and
 * variant that it was assigned to. Without a trace there is nothing to add: the request has begun one that is named
 * after it.
 */
export function answerTo(request: FrameView, id = request.id): FrameOptions {
  const hasTrace = request.has('trace');
  // All in one shape, whatever there is: what reads them afterwards takes half the time.
  return {
    correlationId: id,
    causationId: hasTrace ? id : undefined,
    trace: hasTrace ? traceOf(request) : undefined,
    experiment: names.of(request, 'experiment'),
    variant: names.of(request, 'variant'),
  };
}

/** The trace that a frame belongs to. */
export function traceOf({ traceId, spanId, traceFlags: flags }: FrameView): TraceContext {
  return { traceId, spanId, flags };
}

/** Valid until the contract packs again. */
function packed(contract: Contract | undefined, payload: unknown): Payload {
  return contract === undefined ? (payload as Payload) : contract.pack(payload as TableObject);
}

function requestFlags(options: RequestOptions | undefined, idempotent: boolean): number {
  const flags = idempotent ? FrameFlags.idempotent : 0;
  if (options === undefined) return flags;
  const { explain, mirrored, replayed } = options;
  const ofCopy = (mirrored ? FrameFlags.mirrored : 0) | (replayed ? FrameFlags.replayed : 0);
  return flags | (explain ? FrameFlags.explain : 0) | ofCopy;
}

function requestHeaders(options: RequestOptions | undefined): FrameOptions['headers'] {
  const { headers, version } = options ?? {};
  // Of several of this name the first counts.
  return version === undefined ? headers : [[VERSION_HEADER, version], ...(headers ?? [])];
}

function requestOptions(
  { options }: CallTerms,
  timeout: number,
  firstId: Uint8Array | undefined,
): FrameOptions {
  if (options === undefined && firstId === undefined) return { timeout };
  // A message without a trace begins one, named after its id.
  const spanId = firstId?.subarray(ID_BYTES - SPAN_ID_BYTES);
  const first = firstId && spanId && { traceId: firstId, spanId, flags: 0 };
  return {
    timeout,
    contentType: options?.contentType,
    priority: options?.priority,
    correlationId: options?.correlationId,
    causationId: options?.causationId,
    schemaId: options?.schemaId,
    trace: options?.trace ?? first,
    tracestate: options?.tracestate,
    baggage: options?.baggage,
    experiment: options?.experiment,
    variant: options?.variant,
    assignmentKey: options?.key,
    headers: requestHeaders(options),
  };
}
