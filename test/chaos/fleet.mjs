// The processes of a chaos run: a broker, four workers, and the load.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SERVICE_MS, WORKERS } from './traffic.mjs';

/** How long a worker hangs or is slow; longer than a request may take. Milliseconds. */
const TROUBLE_MS = 2_500;
const SLOW_MS = SERVICE_MS * 5;
/** How long whoever starts workers anew takes for it. Milliseconds. */
const RESTART_MS = 500;

const local = (name) => fileURLToPath(new URL(name, import.meta.url));

export class Fleet {
  #file;
  #broker;
  #load;
  #loadOrigin = 0;
  #url = '';
  #workers = [];
  #started = 0;
  #turn = 0;

  /** Workers write to `file` what they process that must not be processed twice. */
  static async start(file) {
    const fleet = new Fleet();
    fleet.#file = file;
    fleet.#broker = program('../support/broker-process.mjs', JSON.stringify({ port: 0 }));
    fleet.#url = (await message(fleet.#broker, 'url')).url;
    fleet.#workers = await Promise.all(Array.from({ length: WORKERS }, () => fleet.#startWorker()));
    fleet.#load = program('load.mjs', fleet.#url);
    fleet.#loadOrigin = (await message(fleet.#load, 'ready')).ready;
    return fleet;
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
      worker.send(SLOW_MS);
      await delay(TROUBLE_MS);
      worker.send(SERVICE_MS);
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
    const worker = program('worker.mjs', this.#url, `worker-${++this.#started}`, this.#file);
    await message(worker, 'ready');
    return worker;
  }
}

function program(name, ...args) {
  return fork(local(name), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** The next message with this property. */
async function message(child, property) {
  for (;;) {
    const [said] = await once(child, 'message');
    if (property in said) return said;
  }
}
