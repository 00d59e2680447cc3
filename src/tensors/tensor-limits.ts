/** Bounds of tensors, of those that are made and those that come. */
export const TENSOR_LIMITS = {
  /** Dimensions of one tensor. One with more is refused. */
  maxRank: 64,
  /** Tensors of one message, and outputs that one asks for. */
  maxTensors: 4096,
  /** Parameters of one message, with those of its tensors and outputs. */
  maxParameters: 16_384,
  /** Names and texts of one message, other than elements of tensors. Bytes. */
  maxTextBytes: 16 * 1024 * 1024,
} as const;
