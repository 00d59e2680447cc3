import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { decodeUtf8, encodeUtf8 } from '../codec/utf8.js';
import { diskError } from '../disk/disk-error.js';
import { makeDirectory, syncDirectory, writeDurably } from '../disk/durable-files.js';
import { ModwireError } from '../errors.js';
import { kernels } from '../native/kernels.js';

const FOLDER = 'streams';
const CONFIG = 'stream.json';
/** Behind names of streams that are being made, or removed; no name of a stream has a dot. */
const NEW = '.new';
const GONE = '.gone';

export interface ListedStream {
  readonly name: string;
  readonly directory: string;
  /** What it was created or changed with; undefined when that is damaged. */
  readonly config: unknown;
  /** DATA_LOSS: why there is none. */
  readonly damage: ModwireError | undefined;
}

/**
 * The streams of a broker on disk, each in a directory with its configuration. A stream is there as a whole or not at all. Names are
 * taken as they are: whoever calls has checked them. Everything rejects as the system refuses.
 */
export class StreamDirectory {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Of a data directory; removes what a broker that died has left half made or half removed. */
  static async open(dataDirectory: string): Promise<StreamDirectory> {
    const path = join(resolve(dataDirectory), FOLDER);
    try {
      await makeDirectory(path);
      for (const name of await readdir(path)) {
        if (name.endsWith(NEW) || name.endsWith(GONE))
          await rm(join(path, name), { recursive: true, force: true });
      }
    } catch (thrown) {
      throw diskError(thrown, 'the streams cannot be opened', path);
    }
    return new StreamDirectory(path);
  }

  /** In the order of their names. */
  async list(): Promise<ListedStream[]> {
    try {
      const entries = await readdir(this.#path, { withFileTypes: true });
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      return await Promise.all(names.sort().map((name) => this.#read(name)));
    } catch (thrown) {
      throw diskError(thrown, 'the streams cannot be read', this.#path);
    }
  }

  /**
   * Makes a stream; `fill` puts into its directory what belongs there besides. Returns the directory. Rejects with ALREADY_EXISTS when
   * one of this name is there.
   */
  async create(
    name: string,
    config: unknown,
    fill: (directory: string) => Promise<void> = async () => undefined,
  ): Promise<string> {
    const directory = join(this.#path, name);
    const unfinished = `${directory}${NEW}`;
    try {
      await mkdir(unfinished);
      await fill(unfinished);
      await writeDurably(join(unfinished, CONFIG), encodeConfig(config));
      await rename(unfinished, directory);
      await syncDirectory(this.#path);
      return directory;
    } catch (thrown) {
      await rm(unfinished, { recursive: true, force: true }).catch(() => undefined);
      if (!isTaken(thrown)) throw diskError(thrown, 'a stream cannot be created', directory);
      throw new ModwireError('ALREADY_EXISTS', { what: `there is a stream ${name}`, where: directory });
    }
  }

  /** Changes what a stream is configured as. */
  async configure(name: string, config: unknown): Promise<void> {
    const path = join(this.#path, name, CONFIG);
    try {
      await writeDurably(path, encodeConfig(config));
    } catch (thrown) {
      throw diskError(thrown, 'a stream cannot be configured', path);
    }
  }

  /** Removes a stream, which is not open, with all that it has. */
  async remove(name: string): Promise<void> {
    const directory = join(this.#path, name);
    const gone = `${directory}${GONE}`;
    try {
      await rename(directory, gone);
      await syncDirectory(this.#path);
      await rm(gone, { recursive: true, force: true });
    } catch (thrown) {
      throw diskError(thrown, 'a stream cannot be removed', directory);
    }
  }

  async #read(name: string): Promise<ListedStream> {
    const directory = join(this.#path, name);
    const path = join(directory, CONFIG);
    const read = await readFile(path).then(decodeConfig, (thrown: NodeJS.ErrnoException) => {
      if (thrown.code === 'ENOENT') return undefined;
      throw thrown;
    });
    if (read !== undefined) return { name, directory, config: read.config, damage: undefined };
    const damage = new ModwireError('DATA_LOSS', {
      what: `the configuration of stream ${name} is damaged or gone`,
      where: path,
      advice: 'restore the directory of the stream from a backup, or remove the stream',
    });
    return { name, directory, config: undefined, damage };
  }
}

function encodeConfig(config: unknown): Uint8Array {
  const text = JSON.stringify(config);
  return encodeUtf8(`{"check":"${checkOf(text)}","config":${text}}\n`);
}

/** Undefined: it is not as it was written. */
function decodeConfig(bytes: Uint8Array): { readonly config: unknown } | undefined {
  let read: { readonly check?: unknown; readonly config?: unknown } | null;
  try {
    read = JSON.parse(decodeUtf8(bytes, 0, bytes.length));
  } catch {
    return undefined;
  }
  const isWhole = read?.config !== undefined && read.check === checkOf(JSON.stringify(read.config));
  return isWhole ? { config: read!.config } : undefined;
}

function checkOf(text: string): string {
  const bytes = encodeUtf8(text);
  return kernels().crc32c(bytes, 0, bytes.length).toString(16).padStart(8, '0');
}

/** Whether a directory with something in it has the name already. */
function isTaken(thrown: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST'].includes((thrown as NodeJS.ErrnoException).code ?? '');
}
