import type { Verdict } from './finding.js';

/** What a kind of change means, for whom, and what to do about it. */
export interface CompatibilityRule {
  /** New readers, old data. */
  readonly backward: Verdict;
  /** Old readers, new data. */
  readonly forward: Verdict;
  /** Generated code and JSON. */
  readonly source: Verdict;
  /** The change in a few words, for the documentation. */
  readonly change: string;
  /** Empty when nothing needs doing. */
  readonly advice: string;
}

const NEW_FIELD = 'keep the old field, deprecate it and add a new one';
const NEW_CONTRACT = 'give the new message a contract of its own';

/** Every change that is told, by a name that stays. */
export const COMPATIBILITY_RULES = {
  'field-added': rule('ok ok ok', 'a field that may be absent is added'),
  'field-added-required': rule('breaking ok ok', 'a required field is added', 'add it without required'),
  'field-made-required': rule(
    'breaking ok ok',
    'a field becomes required',
    'leave it optional and check it in the reader',
  ),
  'field-required-dropped': rule(
    'ok breaking ok',
    'a field is no longer required',
    'keep it required until every reader knows that it may be absent',
  ),
  'field-required-deprecated': rule(
    'ok breaking warning',
    'a required field is deprecated, so that it is not written any more',
    'drop required first, and deprecate it when every reader knows',
  ),
  'field-required-undeprecated': rule(
    'breaking warning ok',
    'a deprecated field is back and required',
    'bring it back without required',
  ),
  'field-deprecated': rule('ok ok warning', 'a field is deprecated'),
  'field-undeprecated': rule(
    'warning warning ok',
    'a deprecated field is back',
    'make sure that its old values still mean the same',
  ),
  'field-removed': rule(
    'breaking breaking warning',
    'a field is removed, and its id is free for another',
    'deprecate it instead',
  ),
  'field-id-reused': rule(
    'breaking breaking warning',
    'an id now belongs to another field of another type',
    'deprecate the old field and add the new one behind all others',
  ),
  'field-id-changed': rule(
    'breaking breaking ok',
    'a field has another id',
    'keep ids: write them down with (id: n)',
  ),
  'field-type-changed': rule('breaking breaking warning', 'a field has another type', NEW_FIELD),
  'field-element-changed': rule(
    'breaking breaking warning',
    'a vector has elements of another type',
    NEW_FIELD,
  ),
  'field-offset-width-changed': rule(
    'breaking breaking ok',
    'a vector or string goes from 32-bit to 64-bit offsets or lengths, or back',
    NEW_FIELD,
  ),
  'field-reinterpreted': rule(
    'warning warning warning',
    'the same number of bytes with another sign, or as enum, bool or plain integer',
    'make sure that all values in use mean the same in both types',
  ),
  'field-string-to-bytes': rule('ok breaking warning', 'a string becomes a vector of bytes', NEW_FIELD),
  'field-bytes-to-string': rule('breaking ok warning', 'a vector of bytes becomes a string', NEW_FIELD),
  'field-default-changed': rule(
    'breaking breaking ok',
    'a field has another default, which absent values take on',
    'keep the default',
  ),
  'field-optional-changed': rule(
    'breaking breaking warning',
    'absent becomes a value of its own (= null), or no longer is one',
    NEW_FIELD,
  ),
  'field-key-added': rule(
    'warning ok ok',
    'a field becomes the key, by which vectors are sorted',
    'do not search by key what older writers wrote',
  ),
  'field-key-removed': rule(
    'ok warning ok',
    'a field is no longer the key, by which vectors were sorted',
    'keep vectors sorted while older readers search by key',
  ),
  'field-align-raised': rule('breaking ok ok', 'force_align of a vector is raised', 'keep the alignment'),
  'field-align-lowered': rule('ok breaking ok', 'force_align of a vector is lowered', 'keep the alignment'),
  'field-nested-added': rule('breaking ok ok', 'bytes become a nested buffer', NEW_FIELD),
  'field-nested-removed': rule(
    'ok breaking ok',
    'a nested buffer becomes plain bytes',
    'keep nested_flatbuffer',
  ),
  'field-nested-retargeted': rule('breaking breaking ok', 'a nested buffer has another root', NEW_FIELD),
  'field-renamed': rule('ok ok warning', 'a field has another name'),
  'struct-field-changed': rule(
    'breaking breaking warning',
    'a field of a struct has another type or length',
    'structs never change: make a new one, or a table',
  ),
  'struct-field-count-changed': rule(
    'breaking breaking warning',
    'a struct has more or fewer fields',
    'structs never change: make a new one, or a table',
  ),
  'struct-order-changed': rule(
    'breaking breaking ok',
    'fields of a struct change places',
    'keep their order',
  ),
  'struct-size-changed': rule(
    'breaking breaking ok',
    'a struct takes more or fewer bytes',
    'structs never change: make a new one, or a table',
  ),
  'struct-align-changed': rule(
    'breaking breaking ok',
    'a struct is aligned otherwise',
    'keep force_align as it was',
  ),
  'enum-value-added': rule(
    'ok warning ok',
    'an enum has a value more',
    'let readers take values that they do not know',
  ),
  'enum-value-removed': rule(
    'breaking ok warning',
    'an enum has a value less',
    'keep the value, and stop writing it',
  ),
  'enum-value-renumbered': rule(
    'breaking breaking ok',
    'a name of an enum stands for another number',
    'keep the numbers: write them down',
  ),
  'enum-value-renamed': rule('ok ok warning', 'a number of an enum has another name, or one more or less'),
  'enum-underlying-changed': rule(
    'breaking breaking ok',
    'an enum or the tags of a union have another integer type',
    'keep the type, and add a new enum',
  ),
  'enum-bit-flags-changed': rule(
    'breaking breaking ok',
    'bit_flags are added or removed, so that numbers become bits or the other way round',
    'add a new enum',
  ),
  'union-member-added': rule(
    'ok warning ok',
    'a union has a member more',
    'let readers pass over members that they do not know, or upgrade them first',
  ),
  'union-member-removed': rule(
    'breaking ok warning',
    'a union has a member less',
    'keep the member, and stop writing it',
  ),
  'union-member-retargeted': rule(
    'breaking breaking warning',
    'a tag of a union stands for another type',
    'add the new member behind all others',
  ),
  'union-member-renamed': rule('ok ok warning', 'a member of a union has another name'),
  'type-renamed': rule('ok ok warning', 'a type has another name'),
  'root-changed': rule('breaking breaking ok', 'the root is another table', NEW_CONTRACT),
  'file-identifier-changed': rule('breaking breaking ok', 'the file identifier is another', NEW_CONTRACT),
} as const satisfies Record<string, CompatibilityRule>;

export type CompatibilityRuleId = keyof typeof COMPATIBILITY_RULES;

export const COMPATIBILITY_RULE_IDS = Object.keys(COMPATIBILITY_RULES) as CompatibilityRuleId[];

function rule(verdicts: `${Verdict} ${Verdict} ${Verdict}`, change: string, advice = ''): CompatibilityRule {
  const [backward, forward, source] = verdicts.split(' ') as [Verdict, Verdict, Verdict];
  return { backward, forward, source, change, advice };
}
