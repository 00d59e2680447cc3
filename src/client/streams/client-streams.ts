import type { ControlOf } from '../../codec/control-message.js';
import { errorCodeOf, ModwireError, toModwireError } from '../../errors.js';
import { cancelled } from '../abort.js';
import type { ClientEmitter } from '../client-events.js';
import type { Inbox } from '../inbox.js';
import type { Link } from '../link.js';
import { notConnected } from '../not-connected.js';
import { PendingAnswers } from '../pending-answers.js';
import { UnreadableNotices } from '../unreadable-notices.js';
import type { ConsumeTerms } from './consume-options.js';
import { Consumer, type ConsumerHost } from './consumer.js';
import { HandoutReader } from './handout-reader.js';
import type { ReadTerms } from './read-options.js';
import { Settlements } from './settlements.js';
import { StreamReader } from './stream-reader.js';
import type { StreamTaker } from './stream-taker.js';

export interface ClientStreamsParts {
  readonly link: Link;
  readonly inbox: Inbox;
  readonly events: ClientEmitter;
  /** Milliseconds. */
  readonly answerMs: number;
  /** Numbers that the broker's refusals name. */
  readonly nextNumber: () => number;
  readonly atEndOfTurn: (action: () => void) => void;
  /** Told when somebody begins to wait for an answer, and when nobody does any more. */
  readonly awaiting: () => void;
}

type Ending = StreamTaker & { drainOn(signal: AbortSignal | undefined): void };

/** Who takes records of streams for this client, over all its connections. */
export class ClientStreams {
  readonly #parts: ClientStreamsParts;
  readonly #open = new Map<number, StreamTaker>();
  readonly #readers = new Set<StreamReader>();
  readonly #starting: PendingAnswers<number, void>;
  readonly #ending: PendingAnswers<number, void>;
  readonly #settlements: Settlements;
  readonly #host: ConsumerHost;
  /** Those that take no more records over the present connection, by number. */
  #leaving = new Map<number, Promise<void>>();

  constructor(parts: ClientStreamsParts) {
    const { link, events, answerMs, atEndOfTurn, awaiting } = parts;
    this.#parts = parts;
    this.#starting = new PendingAnswers('answer to a consumer', answerMs, awaiting);
    this.#ending = new PendingAnswers('answer to the end of a consumer', answerMs, awaiting);
    this.#settlements = new Settlements((messages) => link.sendAll(messages), atEndOfTurn);
    const notices = new UnreadableNotices((what) => events.emit('unreadable', what));
    this.#host = {
      ...{ settlements: this.#settlements, awaiting },
      send: (message) => link.send(message),
      failed: (thrown) => events.emit('error', toModwireError(thrown)),
      leave: (taker) => this.#end(taker),
      unreadable: (what) => notices.tell(what),
    };
  }

  /** Whether somebody waits for what only reading on can bring. */
  get awaited(): boolean {
    if (this.#starting.size > 0 || this.#ending.size > 0) return true;
    for (const reader of this.#readers) if (reader.awaited) return true;
    return false;
  }

  consume<Value>(terms: ConsumeTerms<Value>, signal: AbortSignal | undefined): Promise<Consumer<Value>> {
    return this.#start(new Consumer(this.#parts.nextNumber(), terms, this.#host), signal);
  }

  async read(terms: ReadTerms, signal: AbortSignal | undefined): Promise<StreamReader> {
    const reader = new StreamReader(this.#parts.nextNumber(), terms, this.#host);
    this.#readers.add(reader);
    try {
      return await this.#start(reader, signal);
    } catch (thrown) {
      this.#readers.delete(reader);
      throw thrown;
    }
  }

  /** Takes all up again over a new connection. What is refused ends, and says so to whom it concerns. */
  async resume(): Promise<void> {
    const { link } = this.#parts;
    const { connection } = link;
    const resume = async (taker: StreamTaker) => {
      try {
        await this.#ask(taker, undefined);
      } catch (thrown) {
        const error = toModwireError(thrown);
        // Without this connection the next one takes it up; a late answer still counts.
        if (connection !== link.connection || error.code === 'DEADLINE_EXCEEDED') return;
        this.#forget(taker, error);
      }
    };
    await Promise.all([...this.#open.values()].filter(({ accepted }) => accepted).map(resume));
  }

  async drainAll(): Promise<void> {
    await Promise.all([...this.#open.values()].map((taker) => taker.drain()));
  }

  /** The broker is about to stop: takes no more over the present connection. Resolves when what it has is settled. */
  async depart(): Promise<void> {
    const taking = [...this.#open.values()].filter(({ accepted }) => accepted);
    await Promise.all(taking.map((taker) => this.#leave(taker)));
    await Promise.all(taking.map((taker) => taker.idle()));
  }

  /** Says now what has become of records. */
  flush(): void {
    this.#settlements.flush();
  }

  consuming({ consumer, json }: ControlOf<'consuming'>): void {
    const taker = this.#open.get(consumer);
    if (taker === undefined) {
      // Nobody waited for it any longer.
      this.#parts.link.send({ type: 'unconsume', consumer });
      return;
    }
    try {
      taker.takenUp(json);
      this.#starting.resolve(consumer);
    } catch (cause) {
      const what = 'the broker does not say from where it is read';
      this.#starting.reject(consumer, new ModwireError('PROTOCOL_VIOLATION', { what, cause }));
    }
  }

  unconsumed({ consumer }: ControlOf<'unconsumed'>): void {
    this.#ending.resolve(consumer);
  }

  finished({ consumer, code, message }: ControlOf<'finished'>): void {
    const taker = this.#open.get(consumer);
    if (taker === undefined) return;
    this.#forget(taker, code === 0 ? undefined : new ModwireError(errorCodeOf(code), message));
    // Nothing more would answer.
    this.#ending.resolve(consumer);
  }

  lost({ consumer, first, last, code, message }: ControlOf<'lost'>): void {
    const taker = this.#open.get(consumer);
    const error = new ModwireError(errorCodeOf(code), message);
    taker?.lost({ stream: taker.stream, first, last, error });
  }

  /** At once: the frames that follow are for this one alone. */
  handout(message: ControlOf<'handout'>): void {
    const taker = this.#open.get(message.consumer);
    this.#parts.inbox.handout(new HandoutReader(message, taker));
  }

  /** False when nobody waits for this one's answer. */
  refused(number: number, error: ModwireError): boolean {
    return this.#starting.reject(number, error) || this.#ending.reject(number, error);
  }

  /** The connection is gone. */
  disconnected(error: ModwireError): void {
    this.#leaving = new Map();
    this.#settlements.clear();
    for (const taker of this.#open.values()) taker.disconnected();
    this.#starting.rejectAll(error);
    this.#ending.rejectAll(error);
  }

  /** The client is closed. */
  close(reason: ModwireError): void {
    for (const taker of [...this.#open.values()]) {
      // Whoever iterates over a part must not take it for the whole.
      this.#forget(taker, taker instanceof StreamReader ? reason : undefined);
    }
  }

  async #start<Taker extends Ending>(taker: Taker, signal: AbortSignal | undefined): Promise<Taker> {
    this.#open.set(taker.number, taker);
    try {
      await this.#ask(taker, signal);
    } catch (thrown) {
      this.#forget(taker, undefined);
      throw thrown;
    }
    if (signal?.aborted) {
      await taker.drain();
      throw cancelled(signal);
    }
    taker.drainOn(signal);
    return taker;
  }

  async #ask(taker: StreamTaker, signal: AbortSignal | undefined): Promise<void> {
    const answer = this.#starting.wait(taker.number, signal);
    if (!this.#parts.link.send(taker.request)) this.#starting.reject(taker.number, notConnected());
    await answer;
  }

  async #end(taker: StreamTaker): Promise<void> {
    if (!this.#open.has(taker.number)) return;
    try {
      await this.#leave(taker);
    } finally {
      this.#forget(taker, undefined);
    }
  }

  /** Once for each connection. Resolves when no more records for it follow. */
  #leave({ number }: StreamTaker): Promise<void> {
    let leaving = this.#leaving.get(number);
    if (leaving === undefined) {
      leaving = this.#unconsume(number);
      this.#leaving.set(number, leaving);
    }
    return leaving;
  }

  async #unconsume(consumer: number): Promise<void> {
    const { link } = this.#parts;
    const { connection } = link;
    try {
      const answer = this.#ending.wait(consumer);
      // Without a connection there is nothing to end but here.
      if (!link.send({ type: 'unconsume', consumer })) this.#ending.resolve(consumer);
      await answer;
    } catch (thrown) {
      // With its connection it is gone too.
      if (connection === link.connection) throw thrown;
    }
  }

  #forget(taker: StreamTaker, error: ModwireError | undefined): void {
    if (!this.#open.delete(taker.number)) return;
    if (taker instanceof StreamReader) this.#readers.delete(taker);
    taker.end(error);
  }
}
