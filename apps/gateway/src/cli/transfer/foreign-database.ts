import { createPool } from '@wa-gate/db';
import { CommandError } from '../errors.ts';

/** The database of another program, which is read only. */
export interface ForeignDatabase {
  /** A table as it is named in a statement of this database. */
  table(name: string): string;
  column(name: string): string;
  rows<T>(statement: string): Promise<T[]>;
  end(): Promise<void>;
}

/** A table, or a column of one, is not there. */
export class ForeignTablesMissingError extends Error {}

const POSTGRESQL = new Set(['postgresql:', 'postgres:']);
const MYSQL = new Set(['mysql:', 'mariadb:']);
const MISSING_AT_POSTGRESQL = new Set(['42P01', '42703']);
const MISSING_AT_MYSQL = new Set(['ER_NO_SUCH_TABLE', 'ER_BAD_FIELD_ERROR']);
const DEFAULT_SCHEMA = 'public';
const CONNECT_MS = 10_000;

/**
 * Opens a PostgreSQL, with its `?schema=`, or a MySQL or MariaDB, by the URL that Prisma and Sequelize take too.
 *
 * @throws {CommandError} when it is no such URL, or the server does not answer
 */
export async function openForeignDatabase(url: string): Promise<ForeignDatabase> {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (target && POSTGRESQL.has(target.protocol)) return openPostgresql(target);
  if (target && MYSQL.has(target.protocol)) return openMysql(target);
  throw new CommandError('--database is not a URL of PostgreSQL or MySQL: postgresql://… or mysql://…');
}

function openPostgresql(target: URL): ForeignDatabase {
  const schema = target.searchParams.get('schema') ?? DEFAULT_SCHEMA;
  target.searchParams.delete('schema');
  const pool = createPool({ url: target.href, name: 'wag-cli', max: 1 });
  return {
    table: (name) => `${quoted(schema, '"')}.${quoted(name, '"')}`,
    column: (name) => quoted(name, '"'),
    async rows<T>(statement: string) {
      try {
        // The rows of another program are what its tables say, whatever the type parameter says.
        return (await pool.query(statement)).rows as T[];
      } catch (cause) {
        throw missing(cause, MISSING_AT_POSTGRESQL);
      }
    },
    end: () => pool.end(),
  };
}

async function openMysql(target: URL): Promise<ForeignDatabase> {
  const database = decodeURIComponent(target.pathname.slice(1));
  if (database === '') throw new CommandError('--database names no database: mysql://user:password@host:3306/name.');
  // Only commands that read such a database load the client.
  const { default: mysql } = await import('mysql2/promise');
  const accept = target.searchParams.get('sslaccept') ?? target.searchParams.get('ssl-mode');
  const connection = await mysql
    .createConnection({
      host: target.hostname,
      port: target.port === '' ? 3306 : Number(target.port),
      user: decodeURIComponent(target.username),
      password: decodeURIComponent(target.password),
      database,
      connectTimeout: CONNECT_MS,
      ...(accept !== null && { ssl: { rejectUnauthorized: /strict|verify/i.test(accept) } }),
    })
    .catch((cause: Error) => {
      throw new CommandError(`The database ${database} at ${target.host} does not answer (${cause.message}).`, {
        cause,
      });
    });
  return {
    table: (name) => quoted(name, '`'),
    column: (name) => quoted(name, '`'),
    async rows<T>(statement: string) {
      try {
        return (await connection.query(statement))[0] as T[];
      } catch (cause) {
        throw missing(cause, MISSING_AT_MYSQL);
      }
    },
    end: () => connection.end(),
  };
}

const quoted = (name: string, mark: string): string => `${mark}${name.replaceAll(mark, mark + mark)}${mark}`;

function missing(cause: unknown, codes: ReadonlySet<string>): unknown {
  const { code = '', message = '' } = cause as { code?: string; message?: string };
  return codes.has(code) ? new ForeignTablesMissingError(message, { cause }) : cause;
}
