import type { Registry } from '../registry/registry.js';
import { REQUEST_PREFIX, type RequestHttp } from './calls/request-http.js';
import type { ServiceInfo } from './calls/service-infos.js';
import { answerContracts } from './contracts-http.js';
import type { Experiments } from './experiments/experiments.js';
import { answerExperiments, EXPERIMENTS_PATH } from './experiments/experiments-http.js';
import { answerHealth, HEALTH_PATHS, type Health } from './health-http.js';
import { type HttpReply, type HttpRequest, problem, problemOf } from './http-message.js';
import type { AllowedOrigins } from './http-origin.js';
import type { LiveConsumers } from './live-consumers.js';
import type { Mirrors } from './mirrors/mirrors.js';
import { OPEN_INFERENCE_PATH, type OpenInferenceHttp } from './open-inference/open-inference-http.js';
import { PUBLISH_PREFIX, type PublishHttp } from './publish-http.js';
import type { Rollouts } from './rollouts/rollouts.js';
import { answerRollouts, ROLLOUTS_PATH } from './rollouts/rollouts-http.js';
import { answerServices, SERVICES_PATH } from './services-http.js';
import { answerStreams, STREAMS_PATH, type StreamRouteParts } from './streams/streams-http.js';

export interface HttpRoutesParts {
  readonly origins: AllowedOrigins;
  readonly health: () => Health;
  readonly registry: Registry;
  readonly consumers: LiveConsumers;
  readonly experiments: Experiments;
  readonly mirrors: Mirrors;
  readonly rollouts: Rollouts;
  readonly streams: StreamRouteParts;
  readonly publishing: PublishHttp;
  readonly requests: RequestHttp;
  readonly openInference: OpenInferenceHttp;
  /** Who serves what. */
  readonly services: () => readonly ServiceInfo[];
}

const CONTRACT_PATHS = ['/v1/contracts', '/v1/schemas', '/v1/bindings'];

/** Answers a plain HTTP request; never throws. */
export async function answerHttp(request: HttpRequest, parts: HttpRoutesParts): Promise<HttpReply> {
  try {
    parts.origins.check(request);
    return await route(request, parts);
  } catch (thrown) {
    return problemOf(thrown);
  }
}

function route(request: HttpRequest, parts: HttpRoutesParts): HttpReply | Promise<HttpReply> {
  const { path } = request;
  if (HEALTH_PATHS.has(path)) return answerHealth(request, parts.health());
  if (path.startsWith(PUBLISH_PREFIX)) return parts.publishing.answer(request);
  if (path.startsWith(REQUEST_PREFIX)) return parts.requests.answer(request);
  if (path === SERVICES_PATH) return answerServices(request, parts.services);
  if (path === OPEN_INFERENCE_PATH || path.startsWith(`${OPEN_INFERENCE_PATH}/`)) {
    return parts.openInference.answer(request);
  }
  if (CONTRACT_PATHS.some((one) => path === one || path.startsWith(`${one}/`))) {
    return answerContracts(request, parts);
  }
  if (path === EXPERIMENTS_PATH || path.startsWith(`${EXPERIMENTS_PATH}/`)) {
    return answerExperiments(request, parts);
  }
  if (path === ROLLOUTS_PATH || path.startsWith(`${ROLLOUTS_PATH}/`)) return answerRollouts(request, parts);
  if (path === STREAMS_PATH || path.startsWith(`${STREAMS_PATH}/`)) {
    return answerStreams(request, parts.streams);
  }
  const known = [...HEALTH_PATHS, ...CONTRACT_PATHS, EXPERIMENTS_PATH, ROLLOUTS_PATH, SERVICES_PATH];
  known.push(STREAMS_PATH);
  known.push(`${PUBLISH_PREFIX}SUBJECT`, `${REQUEST_PREFIX}SUBJECT`, OPEN_INFERENCE_PATH);
  return problem(404, 'NOT_FOUND', `nothing at ${path}: expected one of ${known.join(', ')}`);
}
