// The processes of a chaos run: a broker, four workers, and the load.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { message, program } from './processes.mjs';
import { TRAFFIC, WORKERS } from './traffic.mjs';

/** How long a worker hangs or is slow. Milliseconds. */
const TROUBLE_MS = 2_500;
const TIMES_SLOWER = 5;
/** How long whoever starts workers anew takes for it. Milliseconds. */
const RESTART_MS = 500;

const start = (name, ...args) => program(import.meta.url, name, ...args);

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
    this.#broker = start('../support/broker-process.mjs', JSON.stringify({ port: 0 }));
    this.#url = (await message(this.#broker, 'url')).url;
    this.#workers = await Promise.all(Array.from({ length: WORKERS }, () => this.#startWorker()));
    this.#load = start('load.mjs', this.#url, this.#traffic);
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
    const worker = start('worker.mjs', this.#url, name, this.#file, this.#serviceMs);
    await message(worker, 'ready');
    return worker;
  }
}
