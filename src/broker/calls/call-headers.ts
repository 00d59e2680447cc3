import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { VERSION_HEADER } from '../../codec/version-header.js';
import { ModwireError } from '../../errors.js';
import { badInput, decodePart } from '../http-input.js';
import type { HttpRequest } from '../http-message.js';
import { traceOf } from '../trace-headers.js';
import type { HttpCallFields } from './http-calls.js';

const MAX_PRIORITY = 255;

/** What the headers of an HTTP request say of the call that it makes. */
export interface CallHeaders extends Omit<HttpCallFields, 'subject' | 'timeout'> {
  /** 0 when it names none. Milliseconds. */
  readonly timeoutMs: number;
}

/** Throws INVALID_ARGUMENT for a header that is not valid. */
export function callHeadersOf(request: Pick<HttpRequest, 'headers'>): CallHeaders {
  const { headers } = request;
  const idempotent = headers['modwire-idempotent'];
  if (!['', 'true', 'false'].includes(idempotent)) {
    throw badInput('header Modwire-Idempotent', 'true or false', idempotent);
  }
  const explain = headers['modwire-explain'];
  if (!['', '0', '1'].includes(explain)) throw badInput('header Modwire-Explain', '1 or 0', explain);
  const key = headers['modwire-key'];
  const version = headers['modwire-version'];
  return {
    timeoutMs: wholeNumber(headers['modwire-timeout-ms'], 'Modwire-Timeout-Ms', 1, Number.MAX_SAFE_INTEGER),
    priority: wholeNumber(headers['modwire-priority'], 'Modwire-Priority', 0, MAX_PRIORITY),
    assignmentKey: key === '' ? undefined : decodePart(key, 'header Modwire-Key'),
    flags: (idempotent === 'true' ? FrameFlags.idempotent : 0) | (explain === '1' ? FrameFlags.explain : 0),
    ...traceOf(request),
    ...(version !== '' && askingFor(version)),
  };
}

/** What has only workers with a version in a range get a call. */
export function askingFor(range: string): Pick<HttpCallFields, 'headers'> {
  return { headers: [[VERSION_HEADER, range]] };
}

/** What is left of `timeoutMs` since `startedMs`, as a frame says it: microseconds, 0 for none. Throws DEADLINE_EXCEEDED. */
export function timeLeft(timeoutMs: number, startedMs: number, nowMs: number): number {
  if (timeoutMs === 0) return 0;
  const leftMs = timeoutMs - (nowMs - startedMs);
  if (leftMs > 0) return Math.ceil(leftMs * 1_000);
  throw new ModwireError('DEADLINE_EXCEEDED', {
    what: 'its time ran out before it was understood',
    expected: `at most ${timeoutMs} ms`,
    got: 'surely not started',
  });
}

/** 0 without the header. */
function wholeNumber(text: string, name: string, least: number, most: number): number {
  if (text === '') return 0;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw badInput(`header ${name}`, `a whole number from ${least} to ${most}`, text);
}
