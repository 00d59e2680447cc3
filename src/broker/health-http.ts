import { type HttpReply, type HttpRequest, jsonReply, notAllowed, problem } from './http-message.js';

/** What the answers about health need to know. */
export interface Health {
  readonly draining: boolean;
}

/** Paths that answer about health. */
export const HEALTH_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Liveness and readiness, for orchestrators. */
export function answerHealth({ method, path }: HttpRequest, health: Health): HttpReply {
  if (method !== 'GET' && method !== 'HEAD') return notAllowed(method, ['GET']);
  if (path === '/readyz' && health.draining)
    return problem(503, 'UNAVAILABLE', 'draining: connect elsewhere');
  return jsonReply(200, { status: 'ok' });
}
