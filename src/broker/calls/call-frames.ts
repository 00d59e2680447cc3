import { ID_BYTES } from '../../codec/frame-layout.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameWriter } from '../../codec/frame-writer.js';
import { Kind } from '../../codec/generated/modwire/kind.js';
import { IdGenerator } from '../../codec/message-id.js';
import { ERRORS, type ErrorCode, type ModwireError } from '../../errors.js';
import { nowMicros } from '../clock.js';

/** Headers of a frame of kind error. */
export const CODE_HEADER = 'modwire-code';
export const MESSAGE_HEADER = 'modwire-message';
export const STARTED_HEADER = 'modwire-may-have-started';

/** What is said of a request in what answers it. */
export interface RequestName {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly subject: string;
}

/** Writes the frames by which the broker itself ends calls. */
export class CallFrames {
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();

  /** The error that answers a request. */
  error(request: RequestName, error: ModwireError): Uint8Array {
    return this.#writer.encode({
      ...this.#about(request),
      kind: Kind.error,
      headers: errorHeaders(error),
    });
  }

  /** Says that nobody waits for the reply to a request any more. */
  cancel(request: RequestName): Uint8Array {
    return this.#writer.encode({ ...this.#about(request), kind: Kind.cancel });
  }

  #about(request: RequestName) {
    const id = new Uint8Array(ID_BYTES);
    const publishedAt = nowMicros();
    this.#ids.nextId(id, Math.floor(publishedAt / 1000));
    return { id, publishedAt, subject: request.subject, correlationId: request.id, causationId: request.id };
  }
}

function errorHeaders({ code, message, mayHaveStarted, row }: ModwireError): [name: string, value: string][] {
  const headers: [string, string][] = [
    [CODE_HEADER, code],
    [MESSAGE_HEADER, message],
  ];
  // What the code says by itself is left out.
  if (mayHaveStarted !== row.mayHaveStarted) headers.push([STARTED_HEADER, String(mayHaveStarted)]);
  return headers;
}

/** What a frame of kind error says; INTERNAL for a code that this version does not know. */
export function errorCodeOfFrame(frame: FrameView): ErrorCode {
  const code = frame.headers.find(([name]) => name === CODE_HEADER)?.[1];
  return code !== undefined && Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'INTERNAL';
}
