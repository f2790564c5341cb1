import { createInterface } from 'node:readline/promises';
import { createPool, describeDatabaseFailure } from '@wa-gate/db';
import { ConfigError, MasterKeyError, parseMasterKeys, readConfig } from '@wa-gate/kit';
import { type Static, Type } from 'typebox';
import { type Command, HELP, parseCommand, UsageError } from './commands.ts';

const ConfigSchema = Type.Object({
  DATABASE_URL: Type.String({ minLength: 1 }),
  WAG_MASTER_KEY: Type.String({ minLength: 1 }),
});

/** Counting and reading a large table takes its time. */
const STATEMENT_TIMEOUT_MS = 600_000;

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

async function readLine(): Promise<string> {
  const lines = createInterface({ input: process.stdin, terminal: false });
  for await (const line of lines) return line;
  return '';
}

async function run(command: Command, config: Static<typeof ConfigSchema>): Promise<number> {
  const masterKeys = parseMasterKeys(config.WAG_MASTER_KEY);
  const pool = createPool({
    url: config.DATABASE_URL,
    name: 'wag-cli',
    max: 2,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    silenceTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    return await command({ pool, masterKeys, readLine, say: print });
  } finally {
    await pool.end();
  }
}

let databaseUrl = '';
try {
  const command = parseCommand(process.argv.slice(2));
  if (command) {
    const config = readConfig(ConfigSchema);
    databaseUrl = config.DATABASE_URL;
    process.exitCode = await run(command, config);
  } else print(HELP);
} catch (error) {
  const isExpected = [UsageError, ConfigError, MasterKeyError].some((kind) => error instanceof kind);
  const sentence = isExpected ? (error as Error).message : describeDatabaseFailure(error, databaseUrl);
  const shown = sentence ?? (error instanceof Error ? error.stack : String(error));
  process.stderr.write(`Error: ${shown}${error instanceof UsageError ? ' `wag help` shows the commands.' : ''}\n`);
  process.exitCode = 1;
}
