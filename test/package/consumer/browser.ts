// Compiled by a test as a user's program: it only has to type-check, in a project without the types of Node.js.
import { connect, type FrameView } from 'modwire';
import { BatchReader, type ControlMessage, decodeControl, type FrameFields, Memory } from 'modwire/codec';

export async function show(url: string, element: HTMLElement): Promise<void> {
  const client = await connect(url, { reconnect: true });
  await client.subscribe('prices.*', (frame: FrameView) => {
    element.textContent = `${frame.subject}: ${frame.json()}`;
  });
  client.on('disconnect', ({ code, willReconnect }) => {
    element.hidden = code !== 1000 && !willReconnect;
  });

  // @ts-expect-error A listener of frames is no listener of text.
  await client.subscribe('prices.*', (text: string) => element.append(text));
}

export function typesOf(bytes: Uint8Array, fields: FrameFields): string[] {
  const memory = new Memory(bytes);
  const batch = new BatchReader();
  batch.reset(memory);
  const types: string[] = [fields.subject];
  while (batch.next()) {
    const message = decodeControl(memory, batch.start, batch.end);
    if ('type' in message) types.push((message satisfies ControlMessage).type);
  }
  return types;
}
