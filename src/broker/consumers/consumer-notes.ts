import { decodeUtf8, encodeUtf8 } from '../../codec/utf8.js';
import { ModwireError } from '../../errors.js';
import type { ConsumerConfig } from '../../routing/consumers/consumer-config.js';
import { type ConsumerCursor, decodeCursor } from '../../routing/consumers/consumer-cursor.js';
import { readConsumerConfig } from '../../routing/consumers/read-consumer-config.js';
import type { StreamLog } from '../../streams/stream-log.js';

type Notes = Pick<StreamLog<unknown>, 'note' | 'noteNames' | 'setNote'>;

/** A consumer as its stream has kept it: with its cursor, or why that cannot be used. */
export interface KeptConsumer {
  readonly config: ConsumerConfig;
  readonly cursor: ConsumerCursor | ModwireError;
}

const CONFIG_NOTE = /^consumer\.([^.]+)\.config$/;

/** The consumers that are kept with a stream. Throws DATA_LOSS for one whose configuration cannot be read. */
export function keptConsumers(notes: Notes): KeptConsumer[] {
  const names = notes.noteNames().flatMap((note) => CONFIG_NOTE.exec(note)?.[1] ?? []);
  return names.sort().map((name) => ({ config: configOf(notes, name), cursor: cursorOf(notes, name) }));
}

export function keepConfig(notes: Notes, config: ConsumerConfig): void {
  notes.setNote(configNote(config.name), encodeUtf8(JSON.stringify(config)));
}

/** `cursor` is the log's from now on. */
export function keepCursor(notes: Notes, name: string, cursor: Uint8Array): void {
  notes.setNote(cursorNote(name), cursor);
}

export function forgetConsumer(notes: Notes, name: string): void {
  notes.setNote(configNote(name), undefined);
  notes.setNote(cursorNote(name), undefined);
}

function configOf(notes: Notes, name: string): ConsumerConfig {
  const bytes = notes.note(configNote(name))!;
  try {
    return readConsumerConfig(JSON.parse(decodeUtf8(bytes, 0, bytes.length)));
  } catch (cause) {
    throw new ModwireError('DATA_LOSS', {
      what: 'the configuration of a consumer cannot be read',
      ...{
        where: `consumer ${name}`,
        cause,
        advice: 'use the version of Modwire that wrote it, or a later one',
      },
    });
  }
}

function cursorOf(notes: Notes, name: string): ConsumerCursor | ModwireError {
  try {
    return decodeCursor(notes.note(cursorNote(name)) ?? new Uint8Array(0));
  } catch (thrown) {
    if (thrown instanceof ModwireError) return thrown;
    throw thrown;
  }
}

function configNote(name: string): string {
  return `consumer.${name}.config`;
}

function cursorNote(name: string): string {
  return `consumer.${name}.cursor`;
}
