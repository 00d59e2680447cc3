// The processes of a chaos run: a broker, four workers, and the load.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { TRAFFIC, WORKERS } from './traffic.mjs';

/** How long a worker hangs or is slow. Milliseconds. */
const TROUBLE_MS = 2_500;
const TIMES_SLOWER = 5;
/** How long whoever starts workers anew takes for it. Milliseconds. */
const RESTART_MS = 500;

const local = (name) => fileURLToPath(new URL(name, import.meta.url));

export class Fleet {
  #traffic;
  #file;
  #ended;
  #serviceMs;
  #broker;
  #load;
  #loadOrigin = 0;
  #url = '';
  #workers = [];
  #started = 0;
  #turn = 0;

  /** Workers write to `file` what they process that must not be processed twice; `ended` is told of requests as they end. */
  constructor(traffic, file, ended) {
    this.#traffic = traffic;
    this.#file = file;
    this.#ended = ended;
    this.#serviceMs = TRAFFIC[traffic].serviceMs;
  }

  async start() {
    this.#broker = program('../support/broker-process.mjs', JSON.stringify({ port: 0 }));
    this.#url = (await message(this.#broker, 'url')).url;
    this.#workers = await Promise.all(Array.from({ length: WORKERS }, () => this.#startWorker()));
    this.#load = program('load.mjs', this.#url, this.#traffic);
    this.#load.on('message', (said) => {
      if ('ended' in said) this.#ended(said.ended);
    });
    this.#loadOrigin = (await message(this.#load, 'ready')).ready;
  }

  /** Milliseconds on the clock of the load. */
  get loadMs() {
    return performance.timeOrigin + performance.now() - this.#loadOrigin;
  }

  /** Something happens to one worker, each in turn. Resolves when there are as many as before that are well. */
  async cause(trouble) {
    const index = this.#turn++ % WORKERS;
    const worker = this.#workers[index];
    if (trouble === 'hang') {
      worker.kill('SIGSTOP');
      await delay(TROUBLE_MS);
      worker.kill('SIGCONT');
    } else if (trouble === 'slow') {
      worker.send(this.#serviceMs * TIMES_SLOWER);
      await delay(TROUBLE_MS);
      worker.send(this.#serviceMs);
    } else {
      const gone = once(worker, 'exit');
      if (trouble === 'kill') worker.kill('SIGKILL');
      else worker.send('drain');
      await gone;
      await delay(RESTART_MS);
      this.#workers[index] = await this.#startWorker();
    }
  }

  /** Ends the load, and returns what it and the broker have to say. */
  async end() {
    this.#load.send('stop');
    const { report } = await message(this.#load, 'report');
    this.#broker.send('stats');
    const { stats } = await message(this.#broker, 'stats');
    return { ...report, broker: stats.calls };
  }

  kill() {
    for (const child of [this.#broker, this.#load, ...this.#workers]) child?.kill('SIGKILL');
  }

  async #startWorker() {
    const name = `worker-${++this.#started}`;
    const worker = program('worker.mjs', this.#url, name, this.#file, String(this.#serviceMs));
    await message(worker, 'ready');
    return worker;
  }
}

function program(name, ...args) {
  return fork(local(name), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** The next message with this property. Rejects when the child ends before. */
function message(child, property) {
  return new Promise((resolve, reject) => {
    const onMessage = (said) => {
      if (property in said) settle(() => resolve(said));
    };
    const onExit = (code, signal) => {
      settle(() => reject(new Error(`a program ended with ${signal ?? code} before it said "${property}"`)));
    };
    const settle = (action) => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      action();
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
