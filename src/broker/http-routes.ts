import type { Registry } from '../registry/registry.js';
import type { ServiceInfo } from './calls/service-infos.js';
import { answerContracts } from './contracts-http.js';
import { answerHealth, HEALTH_PATHS, type Health } from './health-http.js';
import { type HttpReply, type HttpRequest, problem, problemOf } from './http-message.js';
import { checkOrigin } from './http-origin.js';
import type { LiveConsumers } from './live-consumers.js';
import { PUBLISH_PREFIX, type PublishHttp } from './publish-http.js';
import { answerServices, SERVICES_PATH } from './services-http.js';

export interface HttpRoutesParts {
  readonly health: () => Health;
  readonly registry: Registry;
  readonly consumers: LiveConsumers;
  readonly publishing: PublishHttp;
  /** Who serves what. */
  readonly services: () => readonly ServiceInfo[];
}

const CONTRACT_PATHS = ['/v1/contracts', '/v1/schemas', '/v1/bindings'];

/** Answers a plain HTTP request; never throws. */
export async function answerHttp(request: HttpRequest, parts: HttpRoutesParts): Promise<HttpReply> {
  try {
    checkOrigin(request);
    return await route(request, parts);
  } catch (thrown) {
    return problemOf(thrown);
  }
}

function route(request: HttpRequest, parts: HttpRoutesParts): HttpReply | Promise<HttpReply> {
  const { path } = request;
  if (HEALTH_PATHS.has(path)) return answerHealth(request, parts.health());
  if (path.startsWith(PUBLISH_PREFIX)) return parts.publishing.answer(request);
  if (path === SERVICES_PATH) return answerServices(request, parts.services);
  if (CONTRACT_PATHS.some((one) => path === one || path.startsWith(`${one}/`))) {
    return answerContracts(request, parts);
  }
  const known = [...HEALTH_PATHS, ...CONTRACT_PATHS, SERVICES_PATH, `${PUBLISH_PREFIX}SUBJECT`];
  return problem(404, 'NOT_FOUND', `nothing at ${path}: expected one of ${known.join(', ')}`);
}
