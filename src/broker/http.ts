import type { HttpReply } from './transport.js';

/** What the broker's HTTP face needs to know. */
export interface Health {
  readonly draining: boolean;
}

const JSON_TYPE = 'application/json';

/** Answers plain HTTP requests: liveness and readiness, for orchestrators. */
export function answerHttp(method: string, path: string, health: Health): HttpReply {
  if (path !== '/healthz' && path !== '/readyz') {
    return problem(404, 'NOT_FOUND', `nothing at ${path}: expected /healthz or /readyz`);
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return problem(405, 'INVALID_ARGUMENT', `method not allowed: expected GET, got ${method}`);
  }
  if (path === '/readyz' && health.draining)
    return problem(503, 'UNAVAILABLE', 'draining: connect elsewhere');
  return { status: 200, contentType: JSON_TYPE, body: `${JSON.stringify({ status: 'ok' })}\n` };
}

function problem(status: number, code: string, message: string): HttpReply {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify({ code, message })}\n` };
}
