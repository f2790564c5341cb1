/**
 * The command line with which the Prisma CLI starts its native schema engine. Only the options of Prisma 7.10 are
 * parsed. An unknown option is an error: a guess whether it takes a value would shift the rest.
 */

const WITH_VALUE = new Set(['--datamodels', '--datamodel', '-d', '--datasource']);
const WITH_IGNORED_VALUE = new Set(['--enabled-preview-features', '--extension-types']);

/**
 * @typedef {object} EngineArguments
 * @property {string[]} datamodels paths of the schema files
 * @property {{ url?: string, shadowDatabaseUrl?: string }} datasource as given by prisma.config.ts
 * @property {string[]} command sub-command words, for example `['cli', 'create-database']`
 * @property {boolean} version whether only the version was asked for
 */

/**
 * @param {readonly string[]} argv without node and script
 * @returns {EngineArguments}
 */
export function parseEngineArguments(argv) {
  /** @type {EngineArguments} */
  const parsed = { datamodels: [], datasource: {}, command: [], version: false };
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (argument === '--version' || argument === '-V') {
      parsed.version = true;
      continue;
    }
    if (!argument.startsWith('-')) {
      parsed.command.push(argument);
      continue;
    }
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
    const name = equals > 0 ? argument.slice(0, equals) : argument;
    if (!WITH_VALUE.has(name) && !WITH_IGNORED_VALUE.has(name)) throw new Error(`unknown option ${name}`);
    const value = equals > 0 ? argument.slice(equals + 1) : argv[++index];
    if (value === undefined) throw new Error(`option ${name} needs a value`);
    if (name === '--datasource') parsed.datasource = JSON.parse(value);
    else if (WITH_VALUE.has(name)) parsed.datamodels.push(value);
  }
  return parsed;
}
