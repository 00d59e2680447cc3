/** Frames for one session that leave at the end of this turn. */
export interface DirectBuffer {
  readonly bytes: Uint8Array;
  /** How much of it is in use. Bytes. */
  used: number;
  /** Number of the subscription that the last Share in it names; 0 before that. */
  share: number;
}
