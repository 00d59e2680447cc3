/**
 * What every contract carries, so that a client knows one without its class: programs without contracts need not load
 * what contracts are made of. One for all copies of this package that a program has.
 */
export const CONTRACT_MARK: unique symbol = Symbol.for('modwire.contract') as never;
