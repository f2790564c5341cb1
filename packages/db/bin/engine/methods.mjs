/** The methods of the engine's JSON-RPC protocol, as the Prisma CLI 7.10 calls them. */
import { readFileSync } from 'node:fs';
import { createDatabase, executeScript } from './databases.mjs';
import { openEngine } from './engine.mjs';

/** Passed to the wasm engine as they are. */
const FORWARDED = new Set([
  'applyMigrations',
  'createMigration',
  'devDiagnostic',
  'diagnoseMigrationHistory',
  'diff',
  'ensureConnectionValidity',
  'evaluateDataLoss',
  'introspect',
  'introspectSql',
  'markMigrationApplied',
  'markMigrationRolledBack',
  'reset',
  'schemaPush',
]);

/**
 * These read the schema of the migrations folder from a cache that only `devDiagnostic` fills, through the shadow
 * database. After pending migrations were applied the cache is empty and the wasm build cannot fill it by itself.
 */
const NEEDS_WARM_CACHE = new Set(['createMigration', 'evaluateDataLoss']);

/** A URL without a server, for commands that need no database when prisma.config.ts has none. */
const NO_DATABASE = 'postgresql://127.0.0.1:1/none';

/**
 * @param {import('./command-line.mjs').EngineArguments} options
 * @param {(content: string) => void} print where `diff` writes its output
 */
export function createMethods(options, print) {
  const url = options.datasource.url ?? NO_DATABASE;
  /** @type {ReturnType<typeof openEngine> | undefined} */
  let opening;
  const open = () => {
    opening ??= openEngine(
      { url, shadowDatabaseUrl: options.datasource.shadowDatabaseUrl },
      options.datamodels.map((path) => [path, readFileSync(path, 'utf8')]),
    );
    return opening;
  };

  /**
   * @param {string} method
   * @param {any} params
   */
  async function forward(method, params) {
    const { engine } = await open();
    const run = () => /** @type {any} */ (engine)[method](params);
    try {
      return await run();
    } catch (error) {
      if (!NEEDS_WARM_CACHE.has(method) || !/external factory/.test(String(error))) throw error;
      await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters });
      return await run();
    }
  }

  return {
    /**
     * @param {string} method
     * @param {any} params
     * @returns {Promise<unknown>}
     */
    async call(method, params) {
      if (method === 'createDatabase') return { databaseName: await createDatabase(url) };
      if (method === 'dbExecute') {
        await executeScript(params.datasourceType?.url ?? url, params.script);
        return null;
      }
      if (method === 'getDatabaseVersion') return (await open()).engine.version(params);
      if (!FORWARDED.has(method)) throw new Error(`The schema engine has no method ${method}`);
      const result = await forward(method, params);
      if (method !== 'diff' || typeof result?.stdout !== 'string') return result ?? null;
      print(result.stdout);
      return { ...result, stdout: null };
    },
    async close() {
      if (opening) await (await opening).close();
    },
  };
}
