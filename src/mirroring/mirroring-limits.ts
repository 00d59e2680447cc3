/** Bounds of what is compared of mirrored requests. What lies beyond is left out, and said to be. */
export const MIRRORING_LIMITS = {
  /** Values of the replies to one request; 16 bytes of a text count as one. */
  maxElements: 1024 * 1024,
  /** Paths of the replies to one request. */
  maxPaths: 1024,
  /** Objects and arrays of JSON within one another. Payloads have a bound of their own. */
  maxDepth: 64,
  /** JSON is read as such up to this size, and compared as bytes above. Bytes. */
  maxJsonBytes: 1024 * 1024,
  /** Paths of one report. */
  maxReportPaths: 1024,
} as const;
