import type { FrameFields } from '../../codec/frame-fields.js';
import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { traceOf } from '../calls/call-frames.js';

/**
 * A recorded message as it is published again: all that its producer said, another subject maybe, and marked. Valid as long as the
 * bytes of the frame.
 */
export function replayedFields(frame: FrameView, subject: string): FrameFields {
  const { payload, id, publishedAt, timeout, kind, contentType, priority } = frame;
  const { correlationId, causationId, schemaId, tracestate, baggage } = frame;
  const { experiment, variant, assignmentKey, headers } = frame;
  return {
    ...{ subject, payload, id, publishedAt, timeout, kind, contentType, priority },
    flags: frame.flags | FrameFlags.replayed | FrameFlags.ack,
    // Without one it begins a trace that is named after its id, which is the same again.
    trace: frame.has('trace') ? traceOf(frame) : undefined,
    ...{ correlationId, causationId, schemaId, tracestate, baggage },
    ...{ experiment, variant, assignmentKey, headers },
  };
}
