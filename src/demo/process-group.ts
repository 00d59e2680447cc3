import { ModwireError } from '../errors.js';
import type { Commands } from './commands.js';
import { DemoProcess } from './demo-process.js';

/** Time for processes to end by themselves. Milliseconds. */
const RELEASE_MS = 2_000;

/** How a process ended that should not have. */
export interface UnexpectedEnd {
  readonly name: string;
  /** `killed by SIGKILL`. */
  readonly how: string;
  /** The last end of its standard error; often empty. */
  readonly output: string;
}

type Member = Pick<DemoProcess<never>, 'name' | 'ended' | 'output' | 'running' | 'release' | 'kill'>;

/** All processes of a run. After `close` none is left, and none outlives this process. */
export class ProcessGroup {
  readonly #members: Member[] = [];
  readonly #onEnd: (end: UnexpectedEnd) => void;
  readonly #killAll = () => {
    for (const member of this.#members) member.kill();
  };
  readonly #lost: string[] = [];
  readonly #leaving = new Set<Member>();
  #closing = false;

  /** `onEnd` is told of every process that ends before `close`. */
  constructor(onEnd: (end: UnexpectedEnd) => void) {
    this.#onEnd = onEnd;
    process.on('exit', this.#killAll);
  }

  /** Starts a program of processes/. */
  start<C extends Commands<C>>(
    name: string,
    program: string,
    report: (figures: unknown) => void,
  ): DemoProcess<C> {
    const member: DemoProcess<C> = new DemoProcess<C>(name, program, {
      figures: report,
      ended: (how) => {
        if (this.#closing || this.#leaving.has(member)) return;
        this.#lost.push(name);
        this.#onEnd({ name, how, output: member.output });
      },
    });
    this.#members.push(member);
    return member;
  }

  /** Has one end by itself, as it is to, and resolves when it has. */
  async leave(member: Member): Promise<void> {
    this.#leaving.add(member);
    member.release();
    await member.ended;
  }

  /** Names of the processes that ended before `close`. */
  get lost(): readonly string[] {
    return this.#lost;
  }

  /** What the processes wrote to their standard error, those that did. */
  get outputs(): ReadonlyArray<{ readonly name: string; readonly output: string }> {
    return this.#members.filter(({ output }) => output !== '');
  }

  /** Ends all processes and resolves when they are gone. `now`: without letting them finish anything. */
  async close(now: boolean): Promise<void> {
    this.#closing = true;
    if (now) this.#killAll();
    for (const member of this.#members) member.release();
    const timer = setTimeout(this.#killAll, RELEASE_MS);
    await Promise.all(this.#members.map(({ ended }) => ended));
    clearTimeout(timer);
    process.off('exit', this.#killAll);
  }
}

/** Why a run fails of which a process has ended. */
export function endedError({ name, how, output }: UnexpectedEnd): ModwireError {
  const lines = output.trim();
  return new ModwireError('INTERNAL', {
    what: `${name} ended in the middle of the run`,
    expected: 'all processes to live until the end',
    got: how,
    ...(lines === '' ? {} : { advice: `its last words:\n${lines}` }),
  });
}
