import { ModwireError, toModwireError } from '../../errors.js';
import { VERSION } from '../../version.js';
import { explained, type TakesExplanation } from '../calls/explanation-header.js';
import type { HttpCalls } from '../calls/http-calls.js';
import { HttpError, type HttpReply, type HttpRequest, jsonReply, notAllowed } from '../http-message.js';
import type { ModelInfer } from './model-infer.js';
import { modelMetadata } from './model-metadata.js';
import { type ModelPath, modelPath } from './model-path.js';
import { inferSubject, isSubject, type ServedModel, type ServedModels } from './served-models.js';

export const OPEN_INFERENCE_PATH = '/v2';

export interface OpenInferenceParts {
  readonly serverName: string;
  readonly draining: () => boolean;
  readonly calls: HttpCalls;
  readonly models: ServedModels;
  readonly infer: ModelInfer;
}

const LIVE = `${OPEN_INFERENCE_PATH}/health/live`;
const READY = `${OPEN_INFERENCE_PATH}/health/ready`;

/** Answers as a server of the Open Inference Protocol, version 2: its models are what is served. */
export class OpenInferenceHttp {
  readonly #parts: OpenInferenceParts;

  constructor(parts: OpenInferenceParts) {
    this.#parts = parts;
  }

  /** Never rejects: errors are answers as the protocol has them. */
  answer(request: HttpRequest): Promise<HttpReply> {
    return explained((told) => this.#answer(request, told), failureOf);
  }

  async #answer(request: HttpRequest, told: TakesExplanation): Promise<HttpReply> {
    const { method } = request;
    const path = request.path.replace(/\/$/, '');
    const model = modelPath(path);
    const expected = model?.action === 'infer' ? 'POST' : 'GET';
    if (method === expected || (method === 'HEAD' && expected === 'GET')) {
      return model === undefined ? this.#server(path) : this.#model(request, model, told);
    }
    const { allow, status } = notAllowed(method, [expected]);
    return {
      ...errorReply(status, `method not allowed: expected ${expected}, got ${method}`),
      allow: allow!,
    };
  }

  #server(path: string): HttpReply {
    const { serverName, draining } = this.#parts;
    if (path === OPEN_INFERENCE_PATH) {
      return jsonReply(200, { name: serverName, version: VERSION, extensions: ['binary_tensor_data'] });
    }
    if (path === LIVE) return jsonReply(200, { live: true });
    if (path === READY) return jsonReply(draining() ? 503 : 200, { ready: !draining() });
    const known = `${OPEN_INFERENCE_PATH}, ${LIVE}, ${READY} or ${OPEN_INFERENCE_PATH}/models/NAME`;
    return errorReply(404, `nothing at ${path}: expected ${known}`);
  }

  async #model(
    request: HttpRequest,
    { name, version, action }: ModelPath,
    told: TakesExplanation,
  ): Promise<HttpReply> {
    const { models, calls } = this.#parts;
    if (action === 'infer') return this.#infer(request, name, version, told);
    const found = this.#find(name, version);
    if (action === 'ready') return jsonReply(found.isReady ? 200 : 503, { name, ready: found.isReady });
    return jsonReply(200, await modelMetadata(name, version, models, calls, request.gone));
  }

  async #infer(
    request: HttpRequest,
    name: string,
    version: string | undefined,
    told: TakesExplanation,
  ): Promise<HttpReply> {
    const subject = inferSubject(name);
    if (!isSubject(subject)) throw noSuchModel(name, version);
    // Without a version there is nothing to look for: the router knows who serves a subject.
    const served = version === undefined ? { subject } : this.#find(name, version);
    try {
      return await this.#parts.infer.answer(request, served, { name, version }, told);
    } catch (thrown) {
      if (toModwireError(thrown).code === 'NO_RESPONDERS') throw noSuchModel(name, version);
      throw thrown;
    }
  }

  /** Throws NOT_FOUND. */
  #find(name: string, version: string | undefined): ServedModel {
    const found = this.#parts.models.find(name, version);
    if (found === undefined) throw noSuchModel(name, version);
    return found;
  }
}

function noSuchModel(name: string, version: string | undefined): ModwireError {
  return new ModwireError('NOT_FOUND', {
    what: 'no such model',
    expected: 'one that is served',
    got: version === undefined ? JSON.stringify(name) : `${JSON.stringify(name)}, version ${version}`,
  });
}

/** Anything thrown, as the protocol has it. */
function failureOf(thrown: unknown): HttpReply {
  const error = toModwireError(thrown);
  return errorReply(error instanceof HttpError ? error.status : error.row.httpStatus, error.message);
}

function errorReply(status: number, error: string): HttpReply {
  return jsonReply(status, { error });
}
