import { ID_BYTES } from '../codec/frame-layout.js';
import type { FrameView } from '../codec/frame-view.js';
import { FrameWriter } from '../codec/frame-writer.js';
import { IdGenerator } from '../codec/message-id.js';
import { MAX_SUBJECT_BYTES, MAX_SUBJECT_TOKENS } from '../codec/subject.js';
import { encodeUtf8 } from '../codec/utf8.js';
import type { ModwireError } from '../errors.js';
import { nowMicros } from './clock.js';

/** Frames that break their contract are kept under this token, followed by their subject. */
const PREFIX = '$quarantine';

/** Publishes frames that broke their contract to a subject of their own, with the reason. */
export class Quarantine {
  readonly #publish: (bytes: Uint8Array) => void;
  readonly #writer = new FrameWriter();
  readonly #ids = new IdGenerator();

  /** `publish` takes a frame of the broker's own. */
  constructor(publish: (bytes: Uint8Array) => void) {
    this.#publish = publish;
  }

  /** The payload as it came; what caused it is the refused frame. Headers say the error's code and message. */
  keep(frame: FrameView, error: ModwireError): void {
    const now = nowMicros();
    const id = new Uint8Array(ID_BYTES);
    this.#ids.nextId(id, Math.floor(now / 1000));
    const bytes = this.#writer.encode({
      id,
      subject: quarantineOf(frame.subject),
      publishedAt: now,
      payload: frame.payload,
      contentType: frame.contentType,
      schemaId: frame.schemaId,
      correlationId: frame.correlationId,
      causationId: frame.id,
      trace: { traceId: frame.traceId, spanId: frame.spanId, flags: frame.traceFlags },
      headers: [
        ['modwire-code', error.code],
        ['modwire-reason', error.message],
        ['modwire-subject', frame.subject],
      ],
    });
    this.#publish(bytes);
  }
}

/** A subject too long to be put under another token is kept with the others of its kind: a header names it. */
function quarantineOf(subject: string): string {
  const whole = `${PREFIX}.${subject}`;
  const fits = encodeUtf8(whole).length <= MAX_SUBJECT_BYTES && whole.split('.').length <= MAX_SUBJECT_TOKENS;
  return fits ? whole : `${PREFIX}.long`;
}
