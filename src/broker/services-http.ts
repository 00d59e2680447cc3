import type { ServiceInfo } from './calls/service-infos.js';
import { checkQuery } from './http-input.js';
import { type HttpReply, type HttpRequest, jsonReply, notAllowed } from './http-message.js';

export const SERVICES_PATH = '/v1/services';

/** Answers for `/v1/services`. Throws INVALID_ARGUMENT for a query. */
export function answerServices(
  { method, query }: HttpRequest,
  services: () => readonly ServiceInfo[],
): HttpReply {
  // The transport leaves the body out.
  if (method !== 'GET' && method !== 'HEAD') return notAllowed(method, ['GET']);
  checkQuery(query, []);
  return jsonReply(200, { services: services() });
}
