import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Client, connect } from '../../src/index.js';
import { nextMessage, startChild } from '../support/child.js';
import { bfbsOf } from '../support/schemas.js';
import { TRANSPORTS } from '../support/transports.js';

const SCHEMA = 'table Node { number:int; children:[Node]; } root_type Node;';
const SUBJECTS = 4;
const SECONDS = 2;
/** Payloads from here on are deep ones. Bytes. */
const DEEP_BYTES = 1024 * 1024;

const children: ChildProcess[] = [];
const clients: Client[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function child(program: string, ...args: string[]): ChildProcess {
  const started = startChild(program, args);
  children.push(started);
  return started;
}

/** Binds trees.> to a contract over HTTP, and returns the id of its schema. */
async function bindTrees(url: string): Promise<string> {
  const base = url.replace(/^ws/, 'http');
  const ask = async (path: string, method: string, type: string, body: BodyInit) => {
    const reply = await fetch(`${base}${path}`, { method, headers: { 'Content-Type': type }, body });
    if (!reply.ok) throw new Error(await reply.text());
    return reply.json();
  };
  const bfbs = (await bfbsOf(SCHEMA)) as Uint8Array<ArrayBuffer>;
  const registered = (await ask(
    '/v1/contracts/trees/versions',
    'POST',
    'application/octet-stream',
    bfbs,
  )) as { version: { schemaId: string } };
  const binding = JSON.stringify({ pattern: 'trees.>', contract: 'trees' });
  await ask('/v1/bindings', 'PUT', 'application/json', binding);
  return registered.version.schemaId;
}

/** The number in the root of a payload of the schema. */
function numberOf(data: DataView, payload: number): number {
  const root = payload + data.getUint32(payload, true);
  return data.getInt32(root + data.getUint16(root - data.getInt32(root, true) + 4, true), true);
}

describe.each(TRANSPORTS)('deep payloads of 4 MiB among small ones at full load (%s)', (transport) => {
  it('leave every frame of every subject in its place, and none out', async () => {
    const broker = child('broker-process.mjs', JSON.stringify({ port: 0, transport }));
    const url = await nextMessage<string>(broker, 'url');
    const schemaId = await bindTrees(url);
    const subscriber = await connect(url, { name: 'subscriber' });
    clients.push(subscriber);
    const last = new Map<string, number>();
    const faults: string[] = [];
    let deep = 0;
    subscriber.on('gap', ({ subject, first, last: end }) => {
      faults.push(`${subject}: lost ${first} to ${end}`);
    });
    await subscriber.subscribe('trees.>', (frame) => {
      const { subject, sequence, memory, payloadStart, payloadLength } = frame;
      const expected = (last.get(subject) ?? 0) + 1;
      const number = numberOf(memory.data, payloadStart);
      if (sequence !== expected || number !== expected) {
        faults.push(`${subject}: expected ${expected}, got frame ${sequence} with payload ${number}`);
      }
      last.set(subject, expected);
      if (payloadLength >= DEEP_BYTES) deep++;
    });

    const publisher = child('deep-load-publisher.mjs', url, schemaId, String(SUBJECTS));
    await nextMessage(publisher, 'ready');
    await delay(SECONDS * 1000);
    publisher.send('stop');
    const { published, deepCount } = await nextMessage<{
      published: Record<string, number>;
      deepCount: number;
    }>(publisher, 'published');
    await subscriber.flush();
    expect(faults).toEqual([]);
    expect(Object.fromEntries(last)).toEqual(published);
    expect(deep).toBe(deepCount);
    expect(deepCount).toBeGreaterThan(SECONDS);
  });
});
