import type { FrameView } from '../../codec/frame-view.js';
import { schema } from '../../codec/generated/inference.schema.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { defineContract } from '../../contracts/define-contract.js';
import { ModwireError, toModwireError } from '../../errors.js';
import type { InferBody, ModelName, OutputForm } from '../../open-inference/infer-body.js';
import { InferRequestRoot } from '../../tensors/infer-request.js';
import type { HeavyWork } from '../../workers/heavy-work.js';
import { InlineWork } from '../../workers/inline-work.js';
import { askingFor, callHeadersOf, timeLeft } from '../calls/call-headers.js';
import type { TakesExplanation } from '../calls/explanation-header.js';
import type { HttpCalls } from '../calls/http-calls.js';
import { replyHeaders } from '../calls/reply-bodies.js';
import { exactMs } from '../clock.js';
import { badInput } from '../http-input.js';
import { BYTES_TYPE, HttpError, type HttpReply, type HttpRequest, JSON_TYPE } from '../http-message.js';
import type { ServedModel } from './served-models.js';

/** Bodies and payloads up to these sizes are dealt with on the spot: half a millisecond or so. Bytes. */
const INLINE_BODY_BYTES = 16 * 1024;
const INLINE_PAYLOAD_BYTES = 4 * 1024;

const HEADER_LENGTH = 'Inference-Header-Content-Length';

export interface ModelInferParts {
  readonly calls: HttpCalls;
  readonly work: HeavyWork;
}

/** Has a model infer. */
export class ModelInfer {
  readonly #parts: ModelInferParts;
  readonly #inline = new InlineWork();
  #schemaId: Uint8Array | undefined;

  constructor(parts: ModelInferParts) {
    this.#parts = parts;
  }

  /** `served`: by whom the model is served; `told` takes why it went where it went, if that is asked. Rejects with what refuses the request, or with the error that answers it. */
  async answer(
    request: HttpRequest,
    { subject, range }: Pick<ServedModel, 'subject' | 'range'>,
    model: ModelName,
    told: TakesExplanation,
  ): Promise<HttpReply> {
    const startedMs = exactMs();
    const { timeoutMs, ...fields } = callHeadersOf(request);
    const body = inferBody(request);
    const { payload, form } = await this.#workFor(body.bytes, INLINE_BODY_BYTES).inferRequest(body, model);
    this.#schemaId ??= defineContract({ name: 'inference request', schema, root: InferRequestRoot }).id;
    const frame = await this.#parts.calls.ask(
      {
        ...{ ...fields, subject, payload, contentType: ContentType.flatbuffer, schemaId: this.#schemaId },
        timeout: timeLeft(timeoutMs, startedMs, exactMs()),
        ...(range !== undefined && askingFor(range)),
      },
      request.gone,
      told,
    );
    const { bytes, jsonBytes } = await this.#responseOf(frame, form);
    const headers = replyHeaders(frame);
    if (jsonBytes === undefined) return { status: 200, contentType: JSON_TYPE, body: bytes, headers };
    const all = { ...headers, [HEADER_LENGTH]: String(jsonBytes) };
    return { status: 200, contentType: BYTES_TYPE, body: bytes, headers: all };
  }

  async #responseOf({ payload }: FrameView, form: OutputForm): Promise<InferBody> {
    try {
      return await this.#workFor(payload, INLINE_PAYLOAD_BYTES).inferResponse(payload, form);
    } catch (thrown) {
      const error = toModwireError(thrown);
      // The protocol asks for it where an output is wanted that is not there.
      if (error.code === 'NOT_FOUND') throw new HttpError(400, 'INVALID_ARGUMENT', error.detail);
      if (error.code !== 'CONTRACT_VIOLATION') throw error;
      throw new ModwireError('INTERNAL', {
        what: 'the model answers wrongly',
        got: error.message,
        cause: error,
      });
    }
  }

  #workFor(bytes: Uint8Array, inlineBytes: number): HeavyWork {
    return bytes.length <= inlineBytes ? this.#inline : this.#parts.work;
  }
}

function inferBody({ body, headers }: HttpRequest): InferBody {
  const encoding = headers['content-encoding'];
  if (encoding !== '' && encoding.toLowerCase() !== 'identity') {
    throw new HttpError(415, 'INVALID_ARGUMENT', {
      what: 'content encoding not supported',
      expected: 'a body as it is',
      got: encoding,
    });
  }
  const length = headers['inference-header-content-length'];
  if (length === '') return { bytes: body, jsonBytes: undefined };
  if (!/^\d{1,15}$/.test(length)) throw badInput(`header ${HEADER_LENGTH}`, 'a number of bytes', length);
  return { bytes: body, jsonBytes: Number(length) };
}
