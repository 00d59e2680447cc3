/**
 * An experiment as plain data, as it comes from JSON and is kept: `readExperiment` makes one, and refuses what is none.
 */
export interface Experiment {
  /** One token of a subject. */
  readonly name: string;
  /** Whose requests take part: a filter, not of reserved subjects. */
  readonly subject: string;
  readonly variants: readonly Variant[];
  readonly assign: Assign;
  readonly mirror?: Mirror;
  /** Name of the variant for requests without a key. */
  readonly default: string;
}

/** Whom requests go to; with neither version nor service, to whoever serves their subject. */
export interface Variant {
  readonly name: string;
  /** Workers with a version in this range only. */
  readonly version?: string;
  /** Workers of the group of this name only; empty for the one that has no name. */
  readonly service?: string;
  /** 0 to 100, at most two decimals. Those of all variants sum to 100. */
  readonly weight: number;
}

/** What decides to which variant a request goes. */
export interface Assign {
  /** As in JSON: `key`, `key-or-id`, `trace`, `header:NAME` or `payload:FIELD.PATH`. */
  readonly key: string;
  /** Experiments of the same salt and key assign alike; those of different salts have nothing to do with each other. */
  readonly salt: string;
}

/** A share of requests of which a copy goes to another variant than theirs. */
export interface Mirror {
  /** Name of that variant. */
  readonly variant: string;
  /** Share of requests: 0 to 100, at most two decimals. */
  readonly percent: number;
}

/** A hundredth of a percent: what weights and shares are counted in, and what a bucket stands for. */
export const HUNDREDTHS = 10_000;

/** A weight or share that was read, in hundredths of a percent. */
export function hundredthsOf(percent: number): number {
  return Math.round(percent * 100);
}
