/** Bounds of one experiment. One that goes beyond is refused. */
export const EXPERIMENT_LIMITS = {
  /** Its variants. */
  maxVariants: 64,
  /** Of its name and those of its variants. Characters. */
  maxNameCharacters: 64,
  /** Of the name of a worker group. Characters. */
  maxServiceCharacters: 256,
  /** Of its salt. Characters. */
  maxSaltCharacters: 128,
  /** Of the name of a header, or of a field path. Characters. */
  maxKeyCharacters: 256,
} as const;
