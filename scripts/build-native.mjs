// Builds the native addon into native/build; npm runs it at install. Modwire works without the addon: whatever is
// missing or fails, this ends with 0, one line on standard error, and the reason in native/build/status.json, which
// `modwire doctor` shows. It does nothing when the addon is there and of these sources, except with --force. With --check
// it builds nothing and fails when there is something to build.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const native = join(root, 'native');
const addon = join(native, 'build/Release/modwire.node');
const statusFile = join(native, 'build/status.json');
const logFile = join(native, 'build/build.log');

/** Headers may have to be fetched and machines be slow; then it is over. Milliseconds. */
const BUILD_MS = 300_000;
/** A program that does not tell its version by then is not there. Milliseconds. */
const PROBE_MS = 10_000;

const { env, platform, arch, execPath } = process;

/** Whatever the addon is made of. Not the version of Node.js: what it uses of it is the same in all. */
function sourceKey() {
  const hash = createHash('sha256').update(`${platform} ${arch}`);
  const names = readdirSync(native).filter((name) => /\.(cc|h|gyp)$/.test(name));
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(native, name)));
  return hash.update(readFileSync(fileURLToPath(import.meta.url))).digest('hex');
}

function isUpToDate(key) {
  if (!existsSync(addon)) return false;
  try {
    const status = JSON.parse(readFileSync(statusFile, 'utf8'));
    return status.built && status.key === key;
  } catch {
    return false;
  }
}

function runs(command) {
  const [program, ...args] = command.split(' ');
  return spawnSync(program, [...args, '--version'], { stdio: 'ignore', timeout: PROBE_MS }).status === 0;
}

/** The first of several programs that there is; empty and unset ones do not count. */
const firstThatRuns = (...commands) => commands.filter(Boolean).find(runs);

/** node-gyp of the npm that runs this, else of the one beside this Node.js or on the PATH. */
function findNodeGyp() {
  const inNpm = (npm) => join(npm, 'node_modules/node-gyp/bin/node-gyp.js');
  const prefix = dirname(dirname(realpathSync(execPath)));
  const candidates = [
    env.npm_config_node_gyp,
    env.npm_execpath && inNpm(dirname(dirname(env.npm_execpath))),
    inNpm(join(prefix, 'lib/node_modules/npm')),
    inNpm(join(dirname(execPath), 'node_modules/npm')),
    ...(env.PATH ?? '').split(delimiter).flatMap((folder) => {
      const npm = join(folder, 'npm');
      return existsSync(npm) ? [inNpm(dirname(dirname(realpathSync(npm))))] : [];
    }),
  ];
  return candidates.find((path) => path && existsSync(path));
}

/** Node.js' own headers, where they were installed with it: nothing has to be fetched then. */
function headersFolder() {
  if (env.npm_config_nodedir || platform === 'win32') return undefined;
  const prefix = dirname(dirname(realpathSync(execPath)));
  const header = join(prefix, 'include/node/node_version.h');
  if (!existsSync(header)) return undefined;
  const text = readFileSync(header, 'utf8');
  const part = (name) => new RegExp(`define NODE_${name}_VERSION (\\d+)`).exec(text)?.[1];
  const version = [part('MAJOR'), part('MINOR'), part('PATCH')].join('.');
  return version === process.versions.node ? prefix : undefined;
}

/** What the build needs, or why there is none. */
function findTools() {
  if (env.MODWIRE_NATIVE === '0') return { missing: 'MODWIRE_NATIVE was 0 at install' };
  try {
    createRequire(import.meta.url).resolve('node-addon-api');
  } catch {
    return { missing: 'node-addon-api is not installed' };
  }
  const nodeGyp = findNodeGyp();
  if (nodeGyp === undefined) return { missing: 'no node-gyp, which comes with npm' };
  // On Windows node-gyp finds them in the registry; elsewhere it would only miss them after fetching headers.
  if (platform === 'win32') return { nodeGyp };
  if (!firstThatRuns(env.NODE_GYP_FORCE_PYTHON, env.npm_config_python, 'python3', 'python'))
    return { missing: 'no python3' };
  if (!firstThatRuns(env.MAKE, 'make', 'gmake')) return { missing: 'no make' };
  const compiler = firstThatRuns(env.CXX, 'c++', 'g++', 'clang++');
  return compiler === undefined ? { missing: 'no C++ compiler' } : { nodeGyp, compiler };
}

/** Resolves with what it said and, unless it ended well, the reason. */
function runNodeGyp({ nodeGyp, compiler }) {
  const headers = headersFolder();
  const args = [nodeGyp, 'rebuild', '--release', '--jobs=max', `--directory=${native}`];
  if (headers !== undefined) args.push(`--nodedir=${headers}`);
  const child = spawn(execPath, args, {
    cwd: native,
    // binding.gyp asks `node` for a path.
    env: {
      ...env,
      PATH: [env.PATH, dirname(execPath)].filter(Boolean).join(delimiter),
      ...(compiler && { CXX: compiler }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that the compilers end with it.
    detached: platform !== 'win32',
  });
  let output = '';
  const take = (text) => {
    output += text;
  };
  child.stdout.setEncoding('utf8').on('data', take);
  child.stderr.setEncoding('utf8').on('data', take);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (platform === 'win32') child.kill();
    else process.kill(-child.pid, 'SIGKILL');
  }, BUILD_MS);
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ reason: error.message, output }));
    child.once('close', (code) => {
      clearTimeout(timer);
      if (late) resolve({ reason: `not done after ${BUILD_MS / 1000} s`, output });
      else resolve({ reason: code === 0 ? undefined : reasonIn(output), output });
    });
  });
}

/** The line that says most: what the compiler found wrong, else what node-gyp did. */
function reasonIn(output) {
  const line =
    /^.*(?:fatal )?error: .*$/m.exec(output)?.[0] ?? /^gyp ERR! stack (?:Error: )?(.*)$/m.exec(output)?.[1];
  return line?.trim() ?? 'node-gyp failed';
}

function writeStatus(status) {
  mkdirSync(dirname(statusFile), { recursive: true });
  writeFileSync(statusFile, `${JSON.stringify({ ...status, node: process.versions.node }, undefined, 2)}\n`);
}

function failed(key, reason, output) {
  console.error(`modwire: no native addon, TypeScript does its work: ${reason} (docs/native.md)`);
  // Another version's addon must not stay in its place.
  rmSync(addon, { force: true });
  writeStatus({ built: false, key, reason, ...(output && { log: logFile }) });
  if (output) writeFileSync(logFile, output);
}

async function build(key) {
  const tools = findTools();
  if (tools.missing !== undefined) return failed(key, tools.missing);
  const started = performance.now();
  const { reason, output } = await runNodeGyp(tools);
  if (reason !== undefined) return failed(key, reason, output);
  if (!existsSync(addon)) return failed(key, 'node-gyp made nothing', output);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  writeStatus({ built: true, key, seconds });
  console.log(`built the native addon in ${seconds} s`);
}

try {
  const key = sourceKey();
  const upToDate = isUpToDate(key) && !process.argv.includes('--force');
  if (process.argv.includes('--check')) process.exitCode = upToDate ? 0 : 1;
  else if (!upToDate) await build(key);
} catch (error) {
  // A folder that cannot be written, for example.
  console.error(`modwire: no native addon, TypeScript does its work: ${error.message} (docs/native.md)`);
}
