import type { FrameView } from '../../codec/frame-view.js';
import { FrameFlags } from '../../codec/generated/modwire/frame-flags.js';
import { SubjectTable } from '../../codec/subject-table.js';
import { toModwireError } from '../../errors.js';
import { emit } from '../../events.js';
import { nowMicros } from '../clock.js';
import type { Capture } from './capture.js';
import type { Captures } from './captures.js';

/** Subjects of which it is remembered who records them; beyond it the memory starts anew. */
const MAX_REMEMBERED = 65_536;

/** The streams that record the calls of a subject. */
interface Recorders {
  readonly request: Capture | undefined;
  readonly reply: Capture | undefined;
}

/**
 * Puts requests, and what workers answer, into the streams that record them. Nobody waits for that: a call is as fast as ever, and goes
 * on when its stream cannot take it, which is counted.
 */
export class Recorder {
  readonly #captures: Captures;
  #subjects = new SubjectTable<Recorders>();
  #isIdle = true;
  /** Requests and answers that were to be recorded and could not be, since the start. */
  lostCount = 0;

  constructor(captures: Captures) {
    this.#captures = captures;
  }

  /** Streams have come or gone. */
  reset(): void {
    this.#subjects = new SubjectTable();
    this.#isIdle = true;
    for (const { log } of this.#captures.all()) if (log.config.kinds.some(isOfCalls)) this.#isIdle = false;
  }

  /** A request that is about to be routed, as its worker gets it. */
  request(frame: FrameView): void {
    if (this.#isIdle || isReplayed(frame)) return;
    const { request } = this.#recordersOf(frame);
    if (request === undefined) return;
    frame.stamp(0, 0, nowMicros());
    this.#record(request, frame);
  }

  /** A reply or an error to a request, as its caller gets it. */
  answer(frame: FrameView, request: FrameView): void {
    if (this.#isIdle || isReplayed(request)) return;
    const { reply } = this.#recordersOf(frame);
    if (reply !== undefined) this.#record(reply, frame);
  }

  #recordersOf(frame: FrameView): Recorders {
    let recorders = this.#subjects.find(frame);
    if (recorders === undefined) {
      const { subject } = frame;
      recorders = {
        request: this.#captures.recorderOf(subject, 'request'),
        reply: this.#captures.recorderOf(subject, 'reply'),
      };
      if (this.#subjects.size >= MAX_REMEMBERED) this.#subjects = new SubjectTable();
      this.#subjects.add(frame, recorders);
    }
    return recorders;
  }

  #record(capture: Capture, frame: FrameView): void {
    try {
      capture.record(frame);
    } catch (thrown) {
      this.lostCount++;
      const { code, message } = toModwireError(thrown);
      emit('modwire:stream.not-recorded', () => ({ stream: capture.log.config.name, code, message }));
    }
  }
}

/** What was recorded is not recorded again. */
function isReplayed({ flags }: FrameView): boolean {
  return (flags & FrameFlags.replayed) !== 0;
}

function isOfCalls(kind: string): boolean {
  return kind !== 'message';
}
