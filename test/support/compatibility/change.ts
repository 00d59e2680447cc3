/** A change of a schema, and what is to be said about it. */
export interface Change {
  readonly title: string;
  /** Complete `.fbs` texts. */
  readonly before: string;
  readonly after: string;
  /** From `before` to `after`. */
  readonly forth: Expected;
  /** From `after` to `before`. */
  readonly back: Expected;
}

export interface Expected {
  /** Each a rule with its verdicts: backward, forward, and source unless that is ok. In the order of the findings. */
  readonly findings: readonly string[];
  /** What `flatc --conform` says; empty when it sees nothing wrong. */
  readonly conform: string;
}
