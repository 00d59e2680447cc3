import type { BenchCase } from '../bench-case.js';
import { codecDecode, codecEncode } from './codec.js';
import { contractIsolation, pubsubContract } from './contracts.js';
import { besideDurable, durable64, durable1000, replay } from './durable.js';
import { requestMirror } from './mirror.js';
import { fanout, pubsub } from './pubsub.js';
import { request64, request64Experiment, requestSerial } from './request.js';
import { scaleIdleConnections } from './scale-connections.js';
import { scaleFilters, scaleSubjects } from './scale-routing.js';
import { streamBesideCalls } from './stream.js';
import { verifyNested, verifyPays, verifyRegion, verifyTexts } from './verify.js';

/** All cases, in the order in which they run. */
export const CASES: readonly BenchCase[] = [
  codecEncode,
  codecDecode,
  verifyNested,
  verifyTexts,
  verifyRegion,
  verifyPays,
  pubsub,
  fanout,
  pubsubContract,
  requestSerial,
  request64,
  request64Experiment,
  requestMirror,
  streamBesideCalls,
  durable64,
  durable1000,
  replay,
  besideDurable,
  contractIsolation,
  scaleSubjects,
  scaleFilters,
  scaleIdleConnections,
];
