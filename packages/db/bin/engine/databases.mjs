/** Operations on whole databases: probe, create, run a script. Their errors get the codes of Prisma. */
import pg from 'pg';
import { parseConnectionUrl, quoteIdentifier } from './connection.mjs';

const UNREACHABLE = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH']);
const MAINTENANCE_DATABASES = ['postgres', 'template1'];

/**
 * Opens one connection for the duration of `work`.
 * @template T
 * @param {import('pg').ClientConfig} config
 * @param {(client: import('pg').Client) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withClient(config, work) {
  const client = new pg.Client(config);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** @param {string} url */
export async function probeDatabase(url) {
  await withClient(parseConnectionUrl(url).config, async () => undefined);
}

/**
 * Creates the database the URL names, through one of the databases that every server has.
 * @param {string} url
 * @returns {Promise<string>} its name
 */
export async function createDatabase(url) {
  const { config } = parseConnectionUrl(url);
  const name = config.database;
  if (name === undefined) throw new Error('The connection URL names no database');
  /** @type {unknown} */
  let lastError;
  for (const database of MAINTENANCE_DATABASES) {
    try {
      await withClient({ ...config, database }, (client) => client.query(`CREATE DATABASE ${quoteIdentifier(name)}`));
      return name;
    } catch (error) {
      // Another maintenance database is tried only when this one is missing or refused.
      if (!['3D000', '42501', '55000'].includes(codeOf(error))) throw error;
      lastError = error;
    }
  }
  throw lastError;
}

/**
 * @param {string} url
 * @param {string} script
 */
export async function executeScript(url, script) {
  await withClient(parseConnectionUrl(url).config, (client) => client.query(script));
}

/**
 * @param {unknown} error
 * @param {string} url
 * @returns {{ code: string, message: string }} as the native engine reports it
 */
export function describeDatabaseError(error, url) {
  const { config } = parseConnectionUrl(url);
  const code = codeOf(error);
  if (code === '3D000') return { code: 'P1003', message: `Database \`${config.database}\` does not exist` };
  if (code === '42P04') return { code: 'P1009', message: `Database \`${config.database}\` already exists` };
  if (code === '28P01' || code === '28000') {
    return { code: 'P1000', message: `Authentication failed against database server, user \`${config.user}\`` };
  }
  if (UNREACHABLE.has(code)) {
    return { code: 'P1001', message: `Can't reach database server at \`${config.host}:${config.port}\`` };
  }
  return { code: 'P1010', message: error instanceof Error ? error.message : String(error) };
}

/** @param {unknown} error */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
