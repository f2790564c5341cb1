import { spawn } from 'node:child_process';
import { accessSync, constants, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { CommandError } from '../errors.ts';

/** PostgreSQL's own programs, of one version. */
export interface PostgresTools {
  folder: string;
  major: number;
}

const SYSTEM_VERSIONS = '/usr/lib/postgresql';
const KEPT_LINES = 40;

/**
 * The programs of the lowest version that is not older than the server: `pg_dump` refuses a newer server. They are
 * looked for in `PG_BIN`, in the versions of the system, and on PATH.
 *
 * @param wanted the program that is needed
 * @param serverMajor `undefined`: any version
 * @throws {CommandError}
 */
export async function findPostgresTools(
  env: NodeJS.ProcessEnv,
  wanted: 'pg_dump' | 'pg_restore' | 'pg_basebackup' | 'pg_verifybackup',
  serverMajor?: number,
): Promise<PostgresTools> {
  const folders = [...folderList(env.PG_BIN), ...systemFolders(), ...folderList(env.PATH)];
  const found: PostgresTools[] = [];
  for (const folder of new Set(folders)) {
    if (!isRunnable(join(folder, wanted))) continue;
    const output = await runTool({ folder, tool: wanted, args: ['--version'], env }).catch(() => '');
    const major = Number(/\(PostgreSQL\) (\d+)/.exec(output)?.[1]);
    if (major) found.push({ folder, major });
  }
  const fitting = found
    .filter(({ major }) => serverMajor === undefined || major >= serverMajor)
    .sort((a, b) => a.major - b.major);
  if (fitting[0]) return fitting[0];
  const needed = serverMajor === undefined ? '' : ` of version ${serverMajor} or newer`;
  const there =
    found.length > 0 ? ` There is version ${[...new Set(found.map(({ major }) => major))].join(', ')}.` : '';
  throw new CommandError(
    `There is no ${wanted}${needed} on this machine.${there} Install PostgreSQL's client programs (Debian: postgresql-client), or name their folder in PG_BIN.`,
  );
}

const folderList = (list = ''): string[] => list.split(delimiter).filter(Boolean);

function systemFolders(): string[] {
  try {
    return readdirSync(SYSTEM_VERSIONS).map((version) => join(SYSTEM_VERSIONS, version, 'bin'));
  } catch {
    return [];
  }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface ToolRun {
  folder: string;
  tool: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
}

/**
 * Runs a program to its end; resolves with its output.
 *
 * @throws {CommandError} with the last lines that it wrote
 */
export function runTool({ folder, tool, args, env }: ToolRun): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(folder, tool), args, { env: { ...env, LC_ALL: 'C' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: string[] = [];
    const errors: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors.push(text);
      if (errors.length > KEPT_LINES) errors.shift();
    });
    child.once('error', (cause) => reject(new CommandError(`${tool} cannot be run: ${cause.message}`, { cause })));
    child.once('close', (code) => {
      if (code === 0) return resolve(output.join(''));
      reject(new CommandError(`${tool} failed (exit code ${code}):\n${errors.join('').trim()}`));
    });
  });
}

/**
 * The connection of a URL as libpq's variables, so that no password is in a list of processes.
 *
 * @param database another database of the same server
 */
export function connectionEnvironment(url: string, database?: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const name = database ?? decodeURIComponent(pathname.slice(1));
  return {
    PGHOST: searchParams.get('host') ?? decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    ...(password && { PGPASSWORD: decodeURIComponent(password) }),
    ...(name && { PGDATABASE: name }),
    ...sslEnvironment(searchParams),
    PGCONNECT_TIMEOUT: '10',
  };
}

function sslEnvironment(parameters: URLSearchParams): NodeJS.ProcessEnv {
  const names = { sslmode: 'PGSSLMODE', sslrootcert: 'PGSSLROOTCERT', sslcert: 'PGSSLCERT', sslkey: 'PGSSLKEY' };
  return Object.fromEntries(
    Object.entries(names).flatMap(([parameter, variable]) => {
      const value = parameters.get(parameter);
      return value === null ? [] : [[variable, value]];
    }),
  );
}

/** The same server, another database. */
export function withDatabase(url: string, database: string): string {
  const copy = new URL(url);
  copy.pathname = `/${encodeURIComponent(database)}`;
  return copy.href;
}

export const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));
