import { expect, it } from 'vitest';
import { DatabaseUrlError, parseConnectionUrl, sessionUrl } from './connection.mjs';

const SECRET = 'k7Jq';
const refusalOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DatabaseUrlError);
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
};

it.each([
  [
    'postgresql://me:secret@db.example:6432/wa',
    { host: 'db.example', port: 6432, user: 'me', password: 'secret', database: 'wa' },
  ],
  ['postgres://db.example/wa', { host: 'db.example', port: 5432, database: 'wa' }],
  ['postgresql://m%40e:p%40%23%2F%3F%25%20s@h/w%20a', { user: 'm@e', password: 'p@#/?% s', database: 'w a' }],
  ['postgresql://me:a+b@h/wa?password=c+d%3D', { password: 'c+d=' }],
  ['postgresql://me@[::1]:5433/wa', { host: '::1', port: 5433 }],
  ['postgresql:///wa?host=/var/run/postgresql&user=me', { host: '/var/run/postgresql', user: 'me', database: 'wa' }],
  ['postgresql://h/wa?connection_limit=5&connect_timeout=3&application_name=x', { host: 'h', database: 'wa' }],
  ['postgresql://h/wa?channel_binding=require', { enableChannelBinding: true }],
])('%s', (url, config) => {
  expect(parseConnectionUrl(url).config).toMatchObject(config);
});

it('puts a schema in the search path, beside other options', () => {
  expect(parseConnectionUrl('postgresql://h/wa?schema=tenant_1')).toMatchObject({
    schema: 'tenant_1',
    config: { options: '-c search_path="tenant_1"' },
  });
  expect(parseConnectionUrl('postgresql://h/wa?schema=s&options=-c%20geqo%3Doff').config.options).toBe(
    '-c geqo=off -c search_path="s"',
  );
  const url = new URL('postgresql://h/wa');
  url.searchParams.set('options', '-c geqo=off -c jit=off');
  expect(parseConnectionUrl(url.href).config.options).toBe('-c geqo=off -c jit=off');
  expect(parseConnectionUrl('postgresql://h/wa?password=a+b').config.password).toBe('a+b');
  expect(parseConnectionUrl('postgresql://h/wa').config).not.toHaveProperty('options');
});

it.each([
  [undefined, undefined],
  ['disable', false],
  ['prefer', { rejectUnauthorized: false }],
  ['require', { rejectUnauthorized: false }],
  ['no-verify', { rejectUnauthorized: false }],
  ['verify-ca', { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) }],
  ['verify-full', { rejectUnauthorized: true }],
])('sslmode=%s is as in libpq', (mode, ssl) => {
  const { config } = parseConnectionUrl(`postgresql://h/wa${mode === undefined ? '' : `?sslmode=${mode}`}`);
  if (ssl === undefined) expect(config).not.toHaveProperty('ssl');
  else expect(config.ssl).toEqual(typeof ssl === 'object' ? expect.objectContaining(ssl) : ssl);
  if (mode === 'verify-full') expect(config.ssl).not.toHaveProperty('checkServerIdentity');
});

// MR-176: in each of them a piece of the password would be taken for the host, the port, the database or a parameter.
it.each([
  `postgresql://me:ab@${SECRET}@host/wa`,
  `postgresql://me:12#${SECRET}@host/wa`,
  `postgresql://me:${SECRET}#1@host:5432/wa`,
  `postgresql://me:12/${SECRET}@host/wa`,
  `postgresql://me:12?${SECRET}=1@host/wa`,
  `postgresql://me@${SECRET}:ab@host/wa`,
  `postgresql://me:ab@host/wa#${SECRET}`,
  `postgresql://host/wa?password=${SECRET}@1`,
  `postgresql://me:${SECRET}%zz@host/wa`,
  `postgresql://me:${SECRET}:port@/wa:x y`,
  `mysql://me:${SECRET}@host/wa`,
  `${SECRET}`,
  `postgresql://me:a@host/wa?${SECRET}=1`,
  `postgresql://me:a@host/wa?port=${SECRET}`,
  `postgresql://me:a@host/wa?sslmode=${SECRET}`,
  `postgresql://me:a@host/wa?schema=${SECRET}%22`,
  `postgresql://me:a@host/wa?pgbouncer=${SECRET}`,
])('%s gets a sentence without a piece of it', (url) => {
  const sentence = refusalOf(() => parseConnectionUrl(url, 'DATABASE_DIRECT_URL'));
  expect(sentence).toMatch(/^.*DATABASE_DIRECT_URL.*\.$/);
  expect(sentence).not.toContain(SECRET);
});

it('says how special characters are written', () => {
  expect(refusalOf(() => parseConnectionUrl('postgresql://me:a#b@host/wa'))).toBe(
    'The user name, the password or a parameter of DATABASE_URL has a character that ends it. Write @ as %40, # as %23, / as %2F, ? as %3F and % as %25.',
  );
});

it('names the file that cannot be read, and wants a mode for certificates', () => {
  const url = 'postgresql://h/wa?sslrootcert=/nowhere/root.crt';
  expect(refusalOf(() => parseConnectionUrl(`${url}&sslmode=verify-full`))).toBe(
    'The file of sslrootcert in DATABASE_URL cannot be read (ENOENT): /nowhere/root.crt',
  );
  expect(refusalOf(() => parseConnectionUrl(url))).toContain('sslmode=verify-full');
});

it('a pooler is told by pgbouncer=true, and passes neither a schema nor options on', () => {
  expect(parseConnectionUrl('postgresql://h/wa?pgbouncer=true').isPooled).toBe(true);
  expect(parseConnectionUrl('postgresql://h/wa?pgbouncer=false').isPooled).toBe(false);
  expect(refusalOf(() => parseConnectionUrl('postgresql://h/wa?pgbouncer=true&schema=s'))).toContain('ALTER ROLE');
});

it('what needs a session goes by DATABASE_DIRECT_URL, and never through a pooler', () => {
  const [direct, pooled] = ['postgresql://h/wa', 'postgresql://bouncer/wa?pgbouncer=true'];
  expect(sessionUrl({ DATABASE_URL: direct })).toEqual({ url: direct, name: 'DATABASE_URL' });
  expect(sessionUrl({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: direct })).toEqual({
    url: direct,
    name: 'DATABASE_DIRECT_URL',
  });
  expect(refusalOf(() => sessionUrl({ DATABASE_URL: pooled }))).toMatch(
    /DATABASE_DIRECT_URL is not set\. Name PostgreSQL/,
  );
  expect(refusalOf(() => sessionUrl({ DATABASE_URL: direct, DATABASE_DIRECT_URL: pooled }))).toContain(
    'pgbouncer=true',
  );
  expect(refusalOf(() => sessionUrl({}))).toBe('DATABASE_URL is not set.');
});
