// Writes, from the tables of the built CLI: schemas/modwire.config.schema.json, and the generated parts of
// docs/configuration.md and docs/cli.md. With --check it writes nothing and fails when a file differs.
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const { configJsonSchema } = await import(new URL('dist/cli/config/json-schema.js', root));
const { BROKER_SETTINGS, CLIENT_SETTINGS } = await import(new URL('dist/cli/config/settings.js', root));
const { formatQuantity } = await import(new URL('dist/cli/config/quantity.js', root));
const { COMMANDS } = await import(new URL('dist/cli/commands/commands.js', root));
const check = process.argv.includes('--check');

/** JSON as Biome formats it: lists of plain values on one line. */
function toJson(value) {
  const text = JSON.stringify(value, undefined, 2);
  return `${text.replace(/\[\n\s+([^[\]{}]+?)\n\s+\]/g, (_, items) => `[${items.replace(/\n\s+/g, ' ')}]`)}\n`;
}

const table = (head, rows) =>
  [
    `| ${head.join(' | ')} |`,
    `| ${head.map(() => '---').join(' | ')} |`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');

const cell = (text) => text.replaceAll('|', '\\|');

function settingsTable(settings) {
  const amount = (setting, value) =>
    setting.kind.type === 'quantity' ? formatQuantity(value, setting.kind.unit) : String(value) || 'none';
  const range = ({ kind }, setting) => {
    if (kind.type === 'quantity') return `${amount(setting, kind.min)} to ${amount(setting, kind.max)}`;
    if (kind.type === 'choice') return kind.choices.map((choice) => `\`${choice}\``).join(', ');
    if (kind.type === 'boolean') return '`true`, `false`';
    if (kind.type === 'directory') return 'path';
    if (kind.type === 'origins') return '`SCHEME://HOST[:PORT]` or `*`';
    return kind.type === 'url' ? '`ws://HOST:PORT` or `wss://HOST:PORT`' : 'text';
  };
  return table(
    ['key', 'default', 'values', 'environment', 'flag', 'what it is'],
    settings.map((setting) => [
      `\`${setting.key}\``,
      `\`${amount(setting, setting.default)}\``,
      range(setting, setting),
      `\`${setting.env}\``,
      `\`--${setting.flag}\``,
      cell(setting.about),
    ]),
  );
}

/** The flags of a command that are not settings: those have a page of their own. */
function flagsTable(command) {
  const flags = new Set([...BROKER_SETTINGS, ...CLIENT_SETTINGS].map(({ flag }) => flag));
  const rows = command.options
    .filter(({ name }) => !flags.has(name))
    .map(({ name, short, value, about }) => {
      const long = `\`--${name}${value === undefined ? '' : ` ${value}`}\``;
      return [cell(short === undefined ? long : `\`-${short}\`, ${long}`), cell(about)];
    });
  return table(['flag', 'what it does'], rows);
}

/** The tables of a command, or of each that a group is made of, by name; none of one that reads its arguments itself. */
function flagParts({ name, commands, ...command }, group = '') {
  if (commands !== undefined) return commands.flatMap((one) => flagParts(one, `${name} `));
  return command.options === undefined ? [] : [[group + name, flagsTable(command)]];
}

/** The present text of a file with what stands between its markers replaced. */
function withParts(path, parts) {
  let text = readFileSync(new URL(path, root), 'utf8');
  for (const [name, part] of Object.entries(parts)) {
    const between = new RegExp(`(<!-- generated: ${name} -->\n)[\\s\\S]*?(<!-- end -->)`);
    if (!between.test(text)) throw new Error(`${path} has no part "generated: ${name}"`);
    text = text.replace(between, (_, begin, end) => `${begin}${part}\n${end}`);
  }
  return text;
}

const inGroup = (settings, prefix) => settings.filter(({ key }) => key.startsWith(prefix));
const wanted = {
  'schemas/modwire.config.schema.json': toJson(configJsonSchema()),
  'docs/configuration.md': withParts('docs/configuration.md', {
    broker: settingsTable(BROKER_SETTINGS.filter(({ key }) => !key.includes('.'))),
    limits: settingsTable(inGroup(BROKER_SETTINGS, 'limits.')),
    client: settingsTable(inGroup(CLIENT_SETTINGS, 'client.')),
  }),
  'docs/cli.md': withParts(
    'docs/cli.md',
    Object.fromEntries(COMMANDS.flatMap((command) => flagParts(command))),
  ),
};

function present(path) {
  try {
    return readFileSync(new URL(path, root), 'utf8');
  } catch {
    return '';
  }
}

const differing = Object.keys(wanted).filter((path) => present(path) !== wanted[path]);
if (!check) for (const path of differing) writeFileSync(new URL(path, root), wanted[path]);
if (check && differing.length > 0) {
  for (const path of differing) console.error(`${path} is not what the tables of src/cli generate`);
  console.error('run npm run codegen and commit the result');
  process.exitCode = 1;
} else
  console.log(`${Object.keys(wanted).length} files, ${differing.length} ${check ? 'differ' : 'changed'}`);
