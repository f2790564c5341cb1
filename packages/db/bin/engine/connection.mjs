/**
 * The one reading of DATABASE_URL: the migrator, the processes and the tools all connect by its result. Prisma, `pg`
 * and libpq each give some parameters a meaning of their own; here `sslmode` and the files of certificates mean what
 * they mean in libpq, and `schema` and `pgbouncer` what they mean in Prisma. Needs nothing but Node: it runs before
 * anything is installed.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

/** @typedef {import('./connection.mjs').Target} Target */

const PORT = 5432;
const SSL_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'];
const SCHEMA = /^[\p{L}_][\p{L}\p{N}_$]*$/u;

/** What is read here. */
const KNOWN = [
  'schema',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'sslpassword',
  'host',
  'port',
  'user',
  'password',
  'options',
  'channel_binding',
  'pgbouncer',
];
/** Parameters of Prisma and libpq that change nothing here: pools and timeouts have settings of their own. */
const IGNORED = new Set([
  'application_name',
  'fallback_application_name',
  'client_encoding',
  'connect_timeout',
  'connection_limit',
  'pool_timeout',
  'socket_timeout',
  'statement_cache_size',
  'single_use_connections',
  'target_session_attrs',
  'load_balance_hosts',
  'gssencmode',
  'krbsrvname',
  'keepalives',
  'keepalives_idle',
  'keepalives_interval',
  'keepalives_count',
  'tcp_user_timeout',
  'sslnegotiation',
  'sslcompression',
  'uselibpqcompat',
]);

/** What is wrong with the URL, as a sentence that repeats nothing of its credentials. */
export class DatabaseUrlError extends Error {
  name = 'DatabaseUrlError';
}

/**
 * @param {string} url
 * @param {string} [name] of the variable, for sentences
 * @returns {Target}
 * @throws {DatabaseUrlError}
 */
export function parseConnectionUrl(url, name = 'DATABASE_URL') {
  const refuse = (/** @type {string} */ sentence) => {
    throw new DatabaseUrlError(sentence.replaceAll('$NAME', name));
  };
  assertEncoded(url, refuse);
  const parsed = parseUrl(url, refuse);
  const decode = (/** @type {string} */ text) => decoded(text, refuse);
  const parameters = readParameters(url, decode, refuse);
  const get = (/** @type {string} */ parameter) => parameters.get(parameter) || undefined;

  const schema = get('schema') ?? 'public';
  if (!SCHEMA.test(schema)) refuse('`schema` in $NAME is no name of a schema: use letters, digits and underscores.');
  const port = get('port') ?? parsed.port;
  /** @type {Target['config']} */
  const config = {
    host: get('host') ?? decode(parsed.hostname).replace(/^\[|\]$/g, ''),
    port: port === '' ? PORT : portOf(port, refuse),
    // One connection: the advisory lock that serialises concurrent deploys belongs to a connection, and a second one
    // of the same pool would wait for it forever.
    max: 1,
  };
  const user = get('user') ?? decode(parsed.username);
  const password = get('password') ?? decode(parsed.password);
  const database = decode(parsed.pathname.slice(1));
  if (user !== '') config.user = user;
  if (password !== '') config.password = password;
  if (database !== '') config.database = database;
  const isPooled = flagOf('pgbouncer', get('pgbouncer'), refuse);
  const options = [
    ...(get('options') === undefined ? [] : [get('options')]),
    ...(schema === 'public' ? [] : [`-c search_path=${quoteIdentifier(schema)}`]),
  ];
  if (isPooled && options.length > 0) {
    refuse(
      '$NAME has pgbouncer=true with `schema` or `options`, which a pooler does not pass on. Set them for the role instead, such as: ALTER ROLE <user> SET search_path = <schema>.',
    );
  }
  if (options.length > 0) config.options = options.join(' ');
  const sslMode = sslModeOf(get, refuse);
  const ssl = readSsl(sslMode, get, refuse);
  if (ssl !== undefined) config.ssl = ssl;
  const binding = get('channel_binding');
  if (binding !== undefined && binding !== 'disable') config.enableChannelBinding = true;
  return { config, schema, isPooled, sslMode };
}

/**
 * The same URL, with `sslmode=prefer` settled: TLS where the server has it. Others come back as they are. Call it once
 * when a process starts.
 * @param {string} url
 * @param {string} [name]
 * @returns {Promise<string>}
 */
export async function settleTls(url, name) {
  const { config, sslMode } = parseConnectionUrl(url, name);
  if (sslMode !== 'prefer') return url;
  const hasTls = !config.host?.startsWith('/') && (await offersTls(config.host ?? 'localhost', config.port ?? PORT));
  return url.replace(/([?&]sslmode=)prefer(?=&|$)/, `$1${hasTls ? 'require' : 'disable'}`);
}

/**
 * The URL for what needs a connection of its own from begin to end, such as the lock of a migration:
 * DATABASE_DIRECT_URL, else DATABASE_URL.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ url: string, name: string }}
 * @throws {DatabaseUrlError}
 */
export function sessionUrl(env) {
  const { DATABASE_URL: url, DATABASE_DIRECT_URL: directUrl } = env;
  if (directUrl) {
    const name = 'DATABASE_DIRECT_URL';
    if (!parseConnectionUrl(directUrl, name).isPooled) return { url: directUrl, name };
    throw new DatabaseUrlError(`${name} has pgbouncer=true, and is there for what no pooler can do. ${DIRECT}`);
  }
  if (!url) throw new DatabaseUrlError('DATABASE_URL is not set.');
  if (!parseConnectionUrl(url).isPooled) return { url, name: 'DATABASE_URL' };
  throw new DatabaseUrlError(
    `DATABASE_URL leads to a pooler (pgbouncer=true), and DATABASE_DIRECT_URL is not set. ${DIRECT}`,
  );
}

const DIRECT =
  'Name PostgreSQL itself in DATABASE_DIRECT_URL: migrations, leases and revocations need sessions of their own, a few connections for each process.';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const PROBE_MS = 5_000;

/**
 * Asks a server whether it speaks TLS, as every client does first. One that does not answer is no reason for an error
 * here: connecting fails then, with its own sentence.
 * @param {string} host
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function offersTls(host, port) {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const done = (/** @type {boolean} */ answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_MS, () => done(false));
    socket.once('connect', () => socket.write(SSL_REQUEST));
    socket.once('data', (data) => done(data[0] === 0x53));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}

const ENCODE = 'Write @ as %40, # as %23, / as %2F, ? as %3F and % as %25.';

/**
 * A raw `@`, `#`, `/` or `?` in a password ends it, and what follows would be taken for the host or the database:
 * programs disagree on where, and would show a piece of the password in their errors.
 * @param {string} url
 * @param {(sentence: string) => void} refuse
 */
function assertEncoded(url, refuse) {
  const rest = url.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '');
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const others = end < 0 ? '' : rest.slice(end);
  if (authority.split('@').length <= 2 && !others.includes('@') && !others.includes('#')) return;
  refuse(`The user name, the password or a parameter of $NAME has a character that ends it. ${ENCODE}`);
}

/**
 * @param {string} url
 * @param {(sentence: string) => void} refuse
 * @returns {URL}
 */
function parseUrl(url, refuse) {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'postgresql:' || parsed?.protocol === 'postgres:') return parsed;
  refuse(
    `$NAME is not the URL of one PostgreSQL, such as postgresql://user:password@host:5432/database. Special characters of a password have to be encoded: ${ENCODE}`,
  );
  throw new Error('unreachable');
}

/**
 * @param {string} text
 * @param {(sentence: string) => void} refuse
 * @returns {string}
 */
function decoded(text, refuse) {
  try {
    return decodeURIComponent(text);
  } catch {
    refuse('$NAME has a % that begins no escape. Write it as %25.');
    throw new Error('unreachable');
  }
}

/**
 * A space is written as %20: a plus is a plus, as in libpq. In `options` it is a space, because that is what
 * `URLSearchParams` writes between two options.
 * @param {string} url
 * @param {(text: string) => string} decode
 * @param {(sentence: string) => void} refuse
 * @returns {Map<string, string>}
 */
function readParameters(url, decode, refuse) {
  const parameters = new Map();
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : '';
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? '' : pair.slice(at + 1);
    if (KNOWN.includes(name)) parameters.set(name, decode(name === 'options' ? value.replaceAll('+', ' ') : value));
    else if (!IGNORED.has(name)) {
      refuse(`$NAME has a parameter that is not known here. Known are ${KNOWN.join(', ')}.`);
    }
  }
  return parameters;
}

/**
 * @param {string} port
 * @param {(sentence: string) => void} refuse
 */
function portOf(port, refuse) {
  const number = /^\d+$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) refuse('The port in $NAME is no number from 1 to 65535.');
  return number;
}

/**
 * @param {string} parameter
 * @param {string | undefined} text
 * @param {(sentence: string) => void} refuse
 */
function flagOf(parameter, text, refuse) {
  if (text === undefined || text === 'false') return false;
  if (text !== 'true') refuse(`\`${parameter}\` in $NAME must be true or false.`);
  return true;
}

/**
 * @param {(parameter: string) => string | undefined} get
 * @param {(sentence: string) => void} refuse
 * @returns {string | undefined}
 */
function sslModeOf(get, refuse) {
  const mode = get('sslmode');
  if (mode !== undefined && !SSL_MODES.includes(mode)) {
    refuse(`\`sslmode\` in $NAME must be one of ${SSL_MODES.slice(0, 5).join(', ')}.`);
  }
  if (mode !== undefined) return mode;
  if (!['sslrootcert', 'sslcert', 'sslkey'].some(get)) return undefined;
  refuse('$NAME names certificates and no `sslmode`. Add sslmode=verify-full, or another mode.');
  return undefined;
}

/**
 * As libpq has it: `require` does not look at the certificate, unless a root certificate is named; `verify-ca` checks
 * who has signed it; `verify-full` its name, too. Without a root certificate, Node's own are trusted.
 * @param {string | undefined} mode
 * @param {(parameter: string) => string | undefined} get
 * @param {(sentence: string) => void} refuse
 * @returns {Target['config']['ssl']}
 */
function readSsl(mode, get, refuse) {
  if (mode === undefined) return undefined;
  if (mode === 'disable') return false;
  const rootFile = get('sslrootcert');
  const ca = rootFile === undefined || rootFile === 'system' ? undefined : readFile('sslrootcert', rootFile, refuse);
  const cert = readFile('sslcert', get('sslcert'), refuse);
  const key = readFile('sslkey', get('sslkey'), refuse);
  const passphrase = get('sslpassword');
  const isVerified = mode === 'verify-ca' || mode === 'verify-full' || (mode === 'require' && rootFile !== undefined);
  return {
    rejectUnauthorized: isVerified,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(passphrase !== undefined && { passphrase }),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

/**
 * @param {string} parameter
 * @param {string | undefined} path
 * @param {(sentence: string) => void} refuse
 * @returns {string | undefined}
 */
function readFile(parameter, path, refuse) {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    refuse(`The file of ${parameter} in $NAME cannot be read (${/** @type {any} */ (error).code}): ${path}`);
    return undefined;
  }
}

/** @param {string} name */
export function quoteIdentifier(name) {
  return `"${name.replaceAll('"', '""')}"`;
}
