import { createInterface } from 'node:readline/promises';
import { createPool, describeDatabaseFailure } from '@wa-gate/db';
import { ConfigError, MasterKeyError, parseMasterKeys, readConfig } from '@wa-gate/kit';
import { Type } from 'typebox';
import { type Command, HELP, parseCommand, UsageError } from './commands.ts';

/** The surroundings of a command. */
export interface CliContext {
  env: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadableStream;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

const ConfigSchema = Type.Object({
  DATABASE_URL: Type.String({ minLength: 1 }),
  WAG_MASTER_KEY: Type.String({ minLength: 1 }),
});

/** Counting and reading a large table takes its time. */
const STATEMENT_TIMEOUT_MS = 600_000;

async function firstLine(input: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input, terminal: false })) return line;
  return '';
}

async function execute(command: Command, { env, stdin, stdout }: CliContext): Promise<number> {
  const { DATABASE_URL: url, WAG_MASTER_KEY } = readConfig(ConfigSchema, env);
  const masterKeys = parseMasterKeys(WAG_MASTER_KEY);
  const pool = createPool({
    url,
    name: 'wag-cli',
    max: 2,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
    silenceTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    return await command({ pool, masterKeys, readLine: () => firstLine(stdin), say: stdout });
  } finally {
    await pool.end();
  }
}

/** Why a command failed, for the operator. Unexpected errors are shown with their stack. */
function explain(error: unknown, databaseUrl: string): string {
  if (error instanceof UsageError) return `${error.message} \`wag help\` shows the commands.`;
  if (error instanceof ConfigError || error instanceof MasterKeyError) return error.message;
  const sentence = describeDatabaseFailure(error, databaseUrl);
  return sentence ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** Runs a command line; the result is the exit code. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  try {
    const command = parseCommand(argv);
    if (command) return await execute(command, context);
    context.stdout(HELP);
    return 0;
  } catch (error) {
    context.stderr(`Error: ${explain(error, context.env.DATABASE_URL ?? '')}`);
    return 1;
  }
}
