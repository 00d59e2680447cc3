import { execFile } from 'node:child_process';
import { ModwireError } from '../../errors.js';

const COMMAND = 'git';
/** For one run. Milliseconds. */
const TIMEOUT_MS = 60_000;
/** Of what one run prints: lists of all files, or one of them. Bytes. */
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

/** `100644 blob 3b18e5…\tschemas/order.fbs`; links and submodules have other modes. */
const FILE_ENTRY = /^100\d{3} blob ([0-9a-f]+)\t([\s\S]+)$/;

/** The files of a revision, and those of the working tree, of a git repository. Paths are relative to its top folder. */
export class GitRevision {
  /** As it was asked for. */
  readonly name: string;
  readonly commit: string;
  /** Absolute. */
  readonly top: string;
  /** Where the folder that it was opened in lies in the repository: empty, or with a slash at its end. */
  readonly prefix: string;
  /** Paths that git keeps, or would keep with `git add`; some of them may be deleted. */
  readonly working: ReadonlySet<string>;
  readonly #blobs: ReadonlyMap<string, string>;
  readonly #texts = new Map<string, Promise<Buffer>>();

  private constructor(
    names: { readonly name: string; readonly commit: string; readonly top: string; readonly prefix: string },
    working: ReadonlySet<string>,
    blobs: ReadonlyMap<string, string>,
  ) {
    this.name = names.name;
    this.commit = names.commit;
    this.top = names.top;
    this.prefix = names.prefix;
    this.working = working;
    this.#blobs = blobs;
  }

  /**
   * Throws FAILED_PRECONDITION without git, and when `folder` is in no repository; INVALID_ARGUMENT for a name that is no
   * revision.
   */
  static async open(folder: string, name: string): Promise<GitRevision> {
    const top = await line(folder, ['rev-parse', '--show-toplevel']);
    const prefix = await line(folder, ['rev-parse', '--show-prefix']);
    const commit = await commitOf(folder, name);
    const listed = await git(top, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
    const tree = await git(top, ['ls-tree', '-r', '-z', '--full-tree', commit]);
    const blobs = new Map<string, string>();
    for (const entry of records(tree)) {
      const found = FILE_ENTRY.exec(entry);
      if (found !== null) blobs.set(found[2]!, found[1]!);
    }
    return new GitRevision({ name, commit, top, prefix }, new Set(records(listed)), blobs);
  }

  /** Paths of the revision. */
  get paths(): Iterable<string> {
    return this.#blobs.keys();
  }

  /** A file of the revision; undefined when it has none there. */
  read(path: string): Promise<Buffer> | undefined {
    const blob = this.#blobs.get(path);
    if (blob === undefined) return undefined;
    let text = this.#texts.get(blob);
    if (text === undefined) {
      text = git(this.top, ['cat-file', 'blob', blob]);
      this.#texts.set(blob, text);
    }
    return text;
  }
}

async function commitOf(folder: string, name: string): Promise<string> {
  const args = ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`];
  const commit = await line(folder, args).catch((error: ModwireError) => {
    if (error.code === 'FAILED_PRECONDITION' && error.cause instanceof GitRefusal) return undefined;
    throw error;
  });
  if (commit) return commit;
  throw new ModwireError('INVALID_ARGUMENT', {
    what: 'git knows no such revision',
    expected: 'a commit, branch or tag of this clone',
    got: JSON.stringify(name),
    advice:
      name === 'HEAD'
        ? 'commit something first'
        : `fetch it first: clones of CI are often shallow, without history`,
  });
}

/** Git ran, and did not do it. */
class GitRefusal extends Error {}

function git(folder: string, args: readonly string[]): Promise<Buffer> {
  const options = {
    cwd: folder,
    encoding: 'buffer' as const,
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
    windowsHide: true,
  };
  return new Promise((resolve, reject) => {
    execFile(COMMAND, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(gitError(folder, args, error, stderr.toString()));
    });
  });
}

async function line(folder: string, args: readonly string[]): Promise<string> {
  const text = (await git(folder, args)).toString();
  return text.replace(/\r?\n$/, '');
}

function gitError(
  folder: string,
  args: readonly string[],
  error: Error & { code?: string | number | undefined | null },
  stderr: string,
): ModwireError {
  if (error.code === 'ENOENT') {
    return new ModwireError('FAILED_PRECONDITION', {
      what: 'git is not on the PATH',
      advice: 'install it, or hold two files against each other: modwire contracts check OLD NEW',
      cause: error,
    });
  }
  if (typeof error.code !== 'number') {
    return new ModwireError('RESOURCE_EXHAUSTED', {
      what: `git ${args[0]} took too long or printed too much`,
      got: error.message,
      where: folder,
      cause: error,
    });
  }
  const said = stderr
    .trim()
    .split('\n')[0]!
    .replace(/^(fatal|error): /, '');
  return new ModwireError('FAILED_PRECONDITION', {
    what: `git ${args[0]} failed`,
    got: said === '' ? `exit code ${error.code}` : said,
    where: folder,
    cause: new GitRefusal(said),
  });
}

function records(output: Buffer): string[] {
  return output.toString().split('\0').slice(0, -1);
}
