import { createPool, type Pool, sessionUrl, settleTls } from '@wa-gate/db';
import { parseMasterKeys, readConfig } from '@wa-gate/kit';
import { Type } from 'typebox';
import { type ApiClient, createApiClient } from './api-client.ts';
import { endKey, type OwnKey, readApiKey } from './api-key.ts';
import { apiUrlOf, type CliContext, type CommandContext } from './command-context.ts';

/** What commands read of the environment themselves. As for the processes, a value may be in a file (`NAME_FILE`). */
const GIVEN = [
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'REDIS_URL',
  'WAG_MASTER_KEY',
  'WAG_API_KEY',
  'WAG_PASSPHRASE',
] as const;
const GivenSchema = Type.Object(
  Object.fromEntries(GIVEN.map((name) => [name, Type.Optional(Type.String({ minLength: 1 }))])),
);
const DatabaseSchema = Type.Object({
  DATABASE_URL: Type.String({ minLength: 1 }),
  DATABASE_DIRECT_URL: Type.Optional(Type.String({ minLength: 1 })),
});
const MasterKeySchema = Type.Object({ WAG_MASTER_KEY: Type.String({ minLength: 1 }) });

/** Counting and reading a large table takes its time. */
const STATEMENT_TIMEOUT_MS = 600_000;

export interface OpenContext extends CommandContext {
  close(): Promise<void>;
}

/** The environment with the values of files in the place of their names. */
function readFiles(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const withoutFiles = Object.fromEntries(GIVEN.map((name) => [`${name}_FILE`, undefined]));
  return { ...env, ...(readConfig(GivenSchema, env) as NodeJS.ProcessEnv), ...withoutFiles };
}

/** The same environment, with `sslmode=prefer` settled. */
export async function settleDatabaseUrls(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const settled = { ...env };
  for (const name of ['DATABASE_URL', 'DATABASE_DIRECT_URL']) {
    const url = env[name];
    if (url?.includes('sslmode=prefer')) settled[name] = await settleTls(url, name);
  }
  return settled;
}

/** @throws {ConfigError} */
export function openContext(cli: CliContext, readLine: () => Promise<string>): OpenContext {
  const { stdout, stderr } = cli;
  const env = readFiles(cli.env);
  let pool: Pool | undefined;
  let api: Promise<ApiClient> | undefined;
  let key: OwnKey | undefined;
  // Commands change much at once, and call the tools of PostgreSQL: no pooler is in between.
  const databaseUrl = () => sessionUrl(readConfig(DatabaseSchema, env)).url;
  const context: OpenContext = {
    env,
    readLine,
    say: stdout,
    note: stderr,
    databaseUrl,
    database() {
      pool ??= createPool({
        url: databaseUrl(),
        name: 'wag-cli',
        max: 2,
        statementTimeoutMs: STATEMENT_TIMEOUT_MS,
        silenceTimeoutMs: STATEMENT_TIMEOUT_MS,
      });
      return pool;
    },
    masterKeys: () => parseMasterKeys(readConfig(MasterKeySchema, env).WAG_MASTER_KEY),
    api() {
      api ??= openApi();
      return api;
    },
    async close() {
      if (key?.onlyNow) await endOwnKey(key.onlyNow);
      await pool?.end();
    },
  };
  /** The key would be valid for ever, so a failure is told; the command itself is done. */
  async function endOwnKey(id: string): Promise<void> {
    try {
      await endKey(context.database(), id);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      stderr(
        `The API key ${id}, made for this command, is still valid, because it could not be ended (${why}). Revoke it.`,
      );
    }
  }

  async function openApi(): Promise<ApiClient> {
    const baseUrl = apiUrlOf(env);
    key = await readApiKey(context, baseUrl);
    return createApiClient({ baseUrl, apiKey: key.token });
  }
  return context;
}
