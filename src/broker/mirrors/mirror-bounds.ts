/** Bounds of mirroring. What lies beyond is left out, and counted. */
export const MIRROR_BOUNDS = {
  /** Part of `maxMirrorBytes` that one request and its copy may take. */
  pairShare: 1 / 8,
  /** What a request that is mirrored takes besides its payloads. Bytes. */
  pairBytes: 1024,
  /** No copies are made when their turn comes so late: the event loop is busy. Milliseconds. */
  lateMs: 10,
  /** What a copy takes of the event loop besides making it: sending it, and taking its replies. Milliseconds. */
  unseenMs: 0.1,
  /** What may be saved of the time for copying and comparing, and so what copies that leave together may take. Milliseconds. */
  savedMs: 5,
  /** What copying may take of one turn, and comparing. Milliseconds. */
  turnMs: 0.5,
  /** Before the next such turn, when there is no time for it: some time there has to be. Milliseconds. */
  pauseMs: 50,
  /** Replies of a pair that are compared on the event loop: larger ones go to the worker pool, one pair at a time. Bytes. */
  inlineBytes: 8 * 1024,
  /** Values that are compared of one pair: some milliseconds of a thread that others wait for. */
  maxElements: 128 * 1024,
} as const;
