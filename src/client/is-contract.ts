import type { Contract } from '../contracts/contract.js';
import { CONTRACT_MARK } from '../contracts/contract-mark.js';

/** Whether this is what defineContract returns. */
export function isContract(value: unknown): value is Contract {
  // Bytes first: most payloads are, and looking for the mark in whatever comes takes several times as long.
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false;
  return CONTRACT_MARK in value;
}
