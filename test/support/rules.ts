import { Rule, type RuleName } from '../../src/codec/verify-rule.js';

export const RULES = Object.keys(Rule) as RuleName[];

/** Of frames and control messages: payloads have no size prefix, and nobody writes into them. */
const ONLY_IN_MESSAGES: readonly RuleName[] = ['sizePrefix', 'sizeAlignment', 'overlap'];
/** Of payloads. In messages an offset of zero is an unaligned one, and the batch bounds how long they are. */
const ONLY_IN_PAYLOADS: readonly RuleName[] = ['offsetZero', 'unionVectors', 'tableCount', 'tooLong'];

/** What frames or control messages can break. */
export const MESSAGE_RULES = RULES.filter((rule) => rule !== 'ok' && !ONLY_IN_PAYLOADS.includes(rule));
/** What payloads of a contract can break. */
export const PAYLOAD_RULES = RULES.filter((rule) => rule !== 'ok' && !ONLY_IN_MESSAGES.includes(rule));
