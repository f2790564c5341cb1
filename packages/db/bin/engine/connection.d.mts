import type { ClientConfig, PoolConfig } from 'pg';

/** How to connect, as `pg` takes it. */
export interface Target {
  config: PoolConfig & ClientConfig;
  /** The schema that tables live in; `public` unless the URL says otherwise. */
  schema: string;
  /** The URL leads to a pooler that gives each transaction a connection of its own (`pgbouncer=true`). */
  isPooled: boolean;
  sslMode: string | undefined;
}

/** What is wrong with the URL, as a sentence that repeats nothing of its credentials. */
export class DatabaseUrlError extends Error {}

/** @throws {DatabaseUrlError} */
export function parseConnectionUrl(url: string, name?: string): Target;

/** The same URL, with `sslmode=prefer` settled: TLS where the server has it. */
export function settleTls(url: string, name?: string): Promise<string>;

/**
 * The URL for what needs a connection of its own from begin to end: DATABASE_DIRECT_URL, else DATABASE_URL.
 *
 * @throws {DatabaseUrlError}
 */
export function sessionUrl(env: NodeJS.ProcessEnv): { url: string; name: string };

export function quoteIdentifier(name: string): string;
