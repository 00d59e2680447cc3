import { FrameVerifier, FrameView, FrameWriter, Memory, openFrame } from 'modwire/codec';
import type { Codec } from './codec.js';
import { MESSAGE_COUNT, type Message } from './message.js';

/** A frame of the cases is 472 bytes. */
const FRAME_ROOM_BYTES = 512;

/** Modwire's own codec, as client and broker use it: a writer into reused memory; frames of a batch through one view. */
export function modwireCodec(messages: readonly Message[]): Codec {
  const writer = new FrameWriter();
  const fields = messages.map((message) => message.fields);
  const target = Memory.allocate(FRAME_ROOM_BYTES);

  const { bytes, starts } = encodeBatch(writer, messages);
  const verifier = new FrameVerifier();
  const view = new FrameView();
  let batch = new Memory(bytes);

  return {
    encode: (index) => writer.write(target, 0, fields[index]!),
    decode: (index) => {
      // Frames arrive in batches: whoever reads them makes one Memory for each.
      if (index === 0) batch = new Memory(bytes);
      if (!verifier.verify(batch, starts[index]!, bytes.length, view)) throw new Error(view.violation!.text);
      return view.sequence + view.publishedAt + view.payloadLength;
    },
    roundTrip: (index) => {
      const end = starts[index + 1] ?? bytes.length;
      return readFrame(bytes.subarray(starts[index]!, end), messages[index]!.stamp !== undefined);
    },
  };
}

/** All messages behind one another, as they lie in a WebSocket message. */
function encodeBatch(writer: FrameWriter, messages: readonly Message[]) {
  const memory = Memory.allocate(MESSAGE_COUNT * FRAME_ROOM_BYTES);
  const starts: number[] = [];
  let end = 0;
  for (const { fields, stamp } of messages) {
    starts.push(end);
    const start = end;
    end += writer.write(memory, start, fields);
    if (stamp === undefined) continue;
    openFrame(memory.u8.subarray(start, end)).stamp(stamp.sequence, stamp.epoch, stamp.brokerTime);
  }
  return { bytes: memory.u8.slice(0, end), starts };
}

/** Everything in a frame, whoever wrote it. */
export function readFrame(bytes: Uint8Array, stamped: boolean): Message {
  const frame = openFrame(bytes);
  const fields: Message['fields'] = {
    subject: frame.subject,
    payload: frame.payload,
    id: frame.id,
    publishedAt: frame.publishedAt,
    timeout: frame.timeout,
    kind: frame.kind,
    contentType: frame.contentType,
    priority: frame.priority,
    flags: frame.flags,
    trace: { traceId: frame.traceId!, spanId: frame.spanId!, flags: frame.traceFlags },
    correlationId: frame.correlationId!,
    causationId: frame.causationId!,
    schemaId: frame.schemaId!,
  };
  if (!stamped) return { fields };
  const { sequence, epoch, brokerTime } = frame;
  return { fields, stamp: { sequence, epoch, brokerTime } };
}
