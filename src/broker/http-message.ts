/** A plain HTTP request, complete with its body. */
export interface HttpRequest {
  readonly method: string;
  /** Without the query, as it came: not decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The media type in lower case, without parameters; empty when there is none. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

export interface HttpReply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string | Uint8Array;
}

export const JSON_TYPE = 'application/json';
export const BYTES_TYPE = 'application/octet-stream';

/** The media type that a Content-Type header names. */
export function mediaType(header: string): string {
  return header.split(';', 1)[0]!.trim().toLowerCase();
}

export function jsonReply(status: number, value: unknown): HttpReply {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(value)}\n` };
}

/** An error of the table as a reply. */
export function problem(status: number, code: string, message: string): HttpReply {
  return jsonReply(status, { code, message });
}
