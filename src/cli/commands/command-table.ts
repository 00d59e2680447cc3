import type { Command } from '../command.js';
import { contracts } from './contracts.js';
import { experiments } from './experiments.js';
import { rollout } from './rollout.js';
import { streams } from './streams.js';

/** Every command, in the order of the help. */
export const COMMAND_TABLE: readonly Command[] = [
  {
    name: 'serve',
    summary: 'Run a broker.',
    load: async () => (await import('./serve.js')).serve,
  },
  {
    name: 'pub',
    summary: 'Publish messages.',
    load: async () => (await import('./pub.js')).pub,
  },
  {
    name: 'sub',
    summary: 'Subscribe and print messages.',
    load: async () => (await import('./sub.js')).sub,
  },
  {
    name: 'request',
    summary: 'Make requests, and print the replies.',
    load: async () => (await import('./request.js')).request,
  },
  {
    name: 'serve-echo',
    summary: 'Serve a subject with what it is asked: a worker to try things with.',
    load: async () => (await import('./serve-echo.js')).serveEcho,
  },
  {
    name: 'services',
    summary: 'List who serves requests, how busy they are and how fast.',
    load: async () => (await import('./services.js')).services,
  },
  rollout,
  contracts,
  experiments,
  streams,
  {
    name: 'codegen',
    summary: 'Write TypeScript for schemas, to publish and subscribe with.',
    load: async () => (await import('./codegen.js')).codegen,
  },
  {
    name: 'inspect',
    summary: 'Show what is in the bytes of frames, or why they do not verify.',
    load: async () => (await import('./inspect.js')).inspect,
  },
  {
    name: 'doctor',
    summary: 'Show what Modwire runs on here, and what could be better.',
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'demo',
    summary: 'Run an inference service, and account for every request and message.',
    delegate: async (args) => (await import('../../demo/index.js')).runDemo(args),
  },
];
