import { ModwireError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ConsumerConfig } from '../../routing/consumers/consumer-config.js';
import { encodeCursor } from '../../routing/consumers/consumer-cursor.js';
import type { DescribedConsumer } from '../../routing/consumers/consumer-decisions.js';
import { checkDeadLetter, readConsumerConfig } from '../../routing/consumers/read-consumer-config.js';
import type { StreamLog } from '../../streams/stream-log.js';
import type { Capture } from '../streams/capture.js';
import type { Captures } from '../streams/captures.js';
import { forgetConsumer, keepConfig, keepCursor, keptConsumers } from './consumer-notes.js';
import { startCursor } from './consumer-start.js';
import { DurableConsumer, type DurableConsumerParts } from './durable-consumer.js';

export interface ConsumersParts extends DurableConsumerParts {
  readonly limits: Pick<Limits, 'maxConsumers'>;
  readonly captures: Captures;
}

/** Figures of all durable consumers. */
export interface ConsumerStats {
  readonly consumers: number;
  /** Records that members have. */
  readonly pending: number;
  /** Attempts that were not the first of their record, ever. */
  readonly redelivered: number;
  /** Records that were given up, ever. */
  readonly deadLettered: number;
}

type OfStream = Map<string, DurableConsumer>;

/** The durable consumers of a broker's streams: each is kept with its stream, and goes with it. */
export class Consumers {
  readonly #parts: ConsumersParts;
  readonly #byStream = new Map<string, OfStream>();

  /** Throws DATA_LOSS when what is kept of one cannot be read. */
  constructor(parts: ConsumersParts) {
    this.#parts = parts;
    for (const { log } of parts.captures.all()) {
      for (const { config, cursor } of keptConsumers(log)) {
        this.#of(log).set(config.name, new DurableConsumer(config, cursor, log, parts));
      }
    }
  }

  get stats(): ConsumerStats {
    const infos = [...this.#byStream.values()].flatMap((consumers) =>
      Array.from(consumers.values(), ({ description }) => description.info),
    );
    const sum = (of: (info: DescribedConsumer['info']) => number) =>
      infos.reduce((total, info) => total + of(info), 0);
    return {
      consumers: infos.length,
      pending: sum(({ pending }) => pending),
      redelivered: sum(({ redelivered }) => redelivered),
      deadLettered: sum(({ deadLettered, terminated }) => deadLettered + terminated),
    };
  }

  /** By name. Throws NOT_FOUND when there is no such stream. */
  list(stream: string): DescribedConsumer[] {
    this.#parts.captures.of(stream);
    return [...(this.#byStream.get(stream)?.values() ?? [])]
      .map(({ description }) => description)
      .toSorted((a, b) => (a.config.name < b.config.name ? -1 : 1));
  }

  /** Throws NOT_FOUND. */
  get(stream: string, name: string): DurableConsumer {
    this.#parts.captures.of(stream);
    const consumer = this.#byStream.get(stream)?.get(name);
    if (consumer !== undefined) return consumer;
    throw new ModwireError('NOT_FOUND', {
      what: 'no such consumer',
      ...{ expected: 'the name of a consumer of this stream', got: name, where: `stream ${stream}` },
      advice: 'create it first',
    });
  }

  /** A consumer that a value of JSON describes. Rejects with INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, RESOURCE_EXHAUSTED, or what the disk refuses. */
  async create(value: unknown): Promise<DescribedConsumer> {
    const config = readConsumerConfig(value);
    const { log } = this.#parts.captures.of(config.stream);
    checkDeadLetter(config, log.config.filters);
    const others = this.#of(log);
    this.#check(config, others);
    const cursor = startCursor(config, log);
    keepConfig(log, config);
    keepCursor(log, config.name, encodeCursor(cursor));
    const consumer = new DurableConsumer(config, cursor, log, this.#parts);
    others.set(config.name, consumer);
    try {
      await log.writeNotes();
    } catch (thrown) {
      this.#end(consumer, log, thrown as ModwireError);
      throw thrown;
    }
    return consumer.description;
  }

  /** Takes over other terms: filter and start may be left out, and stay. Rejects as `create`, and with FAILED_PRECONDITION when one of those is another. */
  async update(value: unknown): Promise<DescribedConsumer> {
    const { stream, name } = readConsumerConfig(value);
    const consumer = this.get(stream, name);
    consumer.checkWhole();
    const { filter, start } = consumer.config;
    return this.#reconfigure(consumer, readConsumerConfig({ filter, start, ...(value as object) }));
  }

  /** Until a time (Unix time in milliseconds), or until it is resumed. Rejects with NOT_FOUND, or what the disk refuses. */
  async pause(stream: string, name: string, untilMs: number | undefined): Promise<DescribedConsumer> {
    const consumer = this.get(stream, name);
    consumer.checkWhole();
    if (untilMs === undefined) return this.#reconfigure(consumer, { ...consumer.config, paused: true });
    consumer.pauseUntil(untilMs);
    await this.#parts.captures.of(stream).log.writeNotes();
    return consumer.description;
  }

  async resume(stream: string, name: string): Promise<DescribedConsumer> {
    const consumer = this.get(stream, name);
    consumer.checkWhole();
    consumer.pauseUntil(0);
    return this.#reconfigure(consumer, { ...consumer.config, paused: false });
  }

  /** Its members are told. Resolves to what it was. */
  async remove(stream: string, name: string): Promise<DescribedConsumer> {
    const consumer = this.get(stream, name);
    const last = consumer.description;
    const { log } = this.#parts.captures.of(stream);
    this.#end(consumer, log, gone('the consumer was removed', `consumer ${name} of stream ${stream}`));
    await log.writeNotes();
    return last;
  }

  /** A stream is about to go, with its consumers: whoever takes its records is told. */
  removing({ log }: Capture): void {
    const { name } = log.config;
    this.#parts.turns.endAll(name, gone('the stream was removed', `stream ${name}`));
    this.#byStream.delete(name);
  }

  /** Has kept how far everyone is. Nothing is delivered any more. */
  close(): void {
    for (const consumers of this.#byStream.values())
      for (const consumer of consumers.values()) consumer.keep();
    this.#parts.turns.close();
  }

  async #reconfigure(consumer: DurableConsumer, config: ConsumerConfig): Promise<DescribedConsumer> {
    const { log } = this.#parts.captures.of(config.stream);
    checkDeadLetter(config, log.config.filters);
    consumer.reconfigure(config);
    await log.writeNotes();
    return consumer.description;
  }

  #check({ name, stream }: ConsumerConfig, others: OfStream): void {
    if (others.has(name)) {
      throw new ModwireError('ALREADY_EXISTS', {
        what: 'a consumer of this name is there',
        ...{ expected: 'another name', got: name, where: `stream ${stream}` },
        advice: 'update it, or remove it first',
      });
    }
    const { maxConsumers } = this.#parts.limits;
    if (others.size < maxConsumers) return;
    throw new ModwireError('RESOURCE_EXHAUSTED', {
      what: 'too many consumers',
      ...{ expected: `at most maxConsumers = ${maxConsumers} of one stream`, got: 'one more' },
      ...{ where: `stream ${stream}`, advice: 'remove one, or raise maxConsumers' },
    });
  }

  #end(consumer: DurableConsumer, log: StreamLog<unknown>, error: ModwireError): void {
    const { stream, name } = consumer.config;
    consumer.end(error);
    this.#byStream.get(stream)?.delete(name);
    forgetConsumer(log, name);
  }

  #of({ config }: StreamLog<unknown>): OfStream {
    let consumers = this.#byStream.get(config.name);
    if (consumers === undefined) {
      consumers = new Map();
      this.#byStream.set(config.name, consumers);
    }
    return consumers;
  }
}

function gone(what: string, where: string): ModwireError {
  return new ModwireError('NOT_FOUND', { what, where });
}
