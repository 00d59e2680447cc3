/** What a change means for one direction of reading. */
export type Verdict = 'ok' | 'warning' | 'breaking';

/** One difference between two versions of a schema. */
export interface Finding {
  /** Stable id of the rule, such as `field-made-required`; docs/compatibility.md lists them. */
  readonly rule: string;
  /** New readers, old data. */
  readonly backward: Verdict;
  /** Old readers, new data. */
  readonly forward: Verdict;
  /** Only generated code or JSON notices: a renamed field. */
  readonly source: Verdict;
  /** What changed: `shop.Order.items`. */
  readonly path: string;
  /** One sentence without a full stop. */
  readonly message: string;
  /** What to do instead; empty when nothing needs doing. */
  readonly advice: string;
}
