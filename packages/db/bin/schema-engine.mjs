#!/usr/bin/env node
/**
 * Stand-in for Prisma's native schema engine: same command line, same protocol, run by `@prisma/schema-engine-wasm`,
 * which is the same Rust code. The native binary is downloaded from a host that many networks do not reach, and no npm
 * package contains it. `prisma.config.ts` points PRISMA_SCHEMA_ENGINE_BINARY here unless it is set already.
 */
import { parseEngineArguments } from './engine/command-line.mjs';
import { settleTls } from './engine/connection.mjs';
import { createDatabase, describeDatabaseError, probeDatabase } from './engine/databases.mjs';
import { engineVersion } from './engine/engine.mjs';
import { createMethods } from './engine/methods.mjs';
import { serveRpc } from './engine/rpc.mjs';

const options = parseEngineArguments(process.argv.slice(2));
if (options.datasource.url) options.datasource.url = await settleTls(options.datasource.url);

if (options.version) {
  process.stdout.write(`schema-engine-cli ${engineVersion()}\n`);
} else if (options.command[0] === 'cli') {
  process.exitCode = await runCommand(options.command[1] ?? '', options.datasource.url ?? '');
} else {
  const channel = { input: process.stdin, write: (/** @type {string} */ line) => void process.stdout.write(line) };
  await serveRpc(channel, (print) => createMethods(options, print));
}

/**
 * @param {string} command
 * @param {string} url
 */
async function runCommand(command, url) {
  log('INFO', `Starting schema engine command ${command}`, {});
  try {
    if (command === 'can-connect-to-database') await probeDatabase(url);
    else if (command === 'create-database') await createDatabase(url);
    else throw new Error(`The schema engine has no command ${command}`);
    return 0;
  } catch (error) {
    const { code, message } = describeDatabaseError(error, url);
    log('ERROR', message, { error_code: code, is_panic: false });
    return 1;
  }
}

/**
 * The CLI skips the first line of standard error and looks in the others for an error of exactly this target.
 * @param {string} level
 * @param {string} message
 * @param {object} fields
 */
function log(level, message, fields) {
  const line = {
    timestamp: new Date().toISOString(),
    level,
    fields: { message, ...fields },
    target: 'schema_engine::logger',
  };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}
