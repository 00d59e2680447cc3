import type { FrameView } from '../../codec/frame-view.js';
import { ContentType } from '../../codec/generated/modwire/content-type.js';
import { toHex } from '../../codec/message-id.js';
import type { Registry } from '../../registry/registry.js';
import type { HeavyWork } from '../../workers/heavy-work.js';
import { BYTES_TYPE, JSON_TYPE } from '../http-message.js';

/** A reply as HTTP tells it. */
export interface ReplyBody {
  readonly contentType: typeof JSON_TYPE | typeof BYTES_TYPE;
  readonly body: Uint8Array;
}

/** Makes bodies of replies: JSON where the schema of a payload is known. */
export class ReplyBodies {
  readonly #registry: Registry;
  readonly #work: HeavyWork;

  constructor(registry: Registry, work: HeavyWork) {
    this.#registry = registry;
    this.#work = work;
  }

  /** `asBytes` takes payloads as they came. Rejects with what keeps a payload from becoming JSON. */
  async of(frame: FrameView, asBytes: boolean): Promise<ReplyBody> {
    const { payload, contentType, schemaId } = frame;
    if (asBytes) return { contentType: BYTES_TYPE, body: payload };
    if (contentType === ContentType.json) return { contentType: JSON_TYPE, body: payload };
    const schema =
      contentType === ContentType.flatbuffer && schemaId !== undefined
        ? this.#registry.schema(toHex(schemaId))
        : undefined;
    if (schema === undefined) return { contentType: BYTES_TYPE, body: payload };
    const { schema: model, root, program } = schema.compiled;
    return {
      contentType: JSON_TYPE,
      body: await this.#work.toJson({ schema: model, root, program }, payload),
    };
  }
}

/** What stands beside a reply: its schema, variant, experiment and trace. */
export function replyHeaders(frame: FrameView): Record<string, string> {
  const { schemaId, variant, experiment, tracestate } = frame;
  const traceId = toHex(frame.traceId);
  const headers: Record<string, string> = {};
  if (schemaId !== undefined) headers['Modwire-Schema-Id'] = toHex(schemaId);
  if (variant !== undefined) headers['Modwire-Variant'] = headerText(variant);
  if (experiment !== undefined) headers['Modwire-Experiment'] = headerText(experiment);
  // A frame without a trace begins one of its own, to which nothing else belongs.
  if (traceId === toHex(frame.id)) return headers;
  const flags = frame.traceFlags.toString(16).padStart(2, '0');
  headers.traceparent = `00-${traceId}-${toHex(frame.spanId)}-${flags}`;
  if (tracestate !== undefined && VISIBLE.test(tracestate)) headers.tracestate = tracestate;
  return headers;
}

const VISIBLE = /^[\x20-\x7e]*$/;

/** Percent-encoded where it is not visible ASCII, so that no text can end its header. */
function headerText(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]+/gu, encodeURIComponent);
}
