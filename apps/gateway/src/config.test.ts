import { readConfig } from '@wa-gate/kit';
import { declaredVariables, documentedVariables } from '@wa-gate/testkit';
import { describe, expect, it } from 'vitest';
import { assertConsistent, ConfigSchema, corsOrigins, durationSeconds } from './config.ts';

const NEEDED = {
  DATABASE_URL: 'postgresql://127.0.0.1/wa',
  REDIS_URL: 'redis://127.0.0.1',
  WAG_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
  WORKER_AUTH_TOKEN: 'worker-secret-token',
};

/** Not needed by the schema: `MEDIA_STORE=s3` needs others. */
const MEDIA = { MEDIA_DIR: '/srv/media' };

/** The PaaS brief's environment, line by line. */
const BRIEF = {
  PORT: '8000',
  NODE_ENV: 'development',
  API_VERSION: 'v1',
  DATABASE_URL: 'postgresql://user:password@localhost:5432/whatsapp_gateway',
  REDIS_URL: 'redis://localhost:6379',
  JWT_SECRET: 'your-super-secret-jwt-key',
  JWT_EXPIRES_IN: '7d',
  BCRYPT_ROUNDS: '12',
  WORKER_AUTH_TOKEN: 'worker-secret-token',
  WORKER_HEALTH_CHECK_INTERVAL: '30000',
  RATE_LIMIT_WINDOW_MS: '900000',
  RATE_LIMIT_MAX_REQUESTS: '1000',
  WEBHOOK_SECRET: 'webhook-secret-key',
  SMTP_HOST: 'smtp.gmail.com',
  SMTP_PORT: '587',
  SMTP_USER: 'your-email@gmail.com',
  SMTP_PASS: 'your-app-password',
  LOG_LEVEL: 'info',
  LOG_FILE_PATH: './logs',
  ENABLE_METRICS: 'true',
  CORS_ORIGIN: 'http://localhost:3000',
  HELMET_ENABLED: 'true',
};

describe('the environment (MR-184)', () => {
  // Only its JWT_SECRET is refused later, as too short (modules/auth).
  it("has every variable of the brief, and takes the brief's values", () => {
    expect(Object.keys(ConfigSchema.properties)).toEqual(expect.arrayContaining(Object.keys(BRIEF)));
    expect(readConfig(ConfigSchema, { ...NEEDED, ...BRIEF })).toMatchObject({
      PORT: 8000,
      API_VERSION: 'v1',
      WORKER_HEALTH_CHECK_INTERVAL: 30_000,
      RATE_LIMIT_MAX_REQUESTS: 1_000,
      SMTP_PORT: 587,
      LOG_FILE_PATH: './logs',
      ENABLE_METRICS: true,
      HELMET_ENABLED: true,
    });
  });

  it('is documented, each variable with its default', () => {
    expect(documentedVariables('Gateway')).toEqual(declaredVariables(ConfigSchema));
  });

  it.each([
    ['PORT', 'eighty'],
    ['PORT', '70000'],
    ['API_VERSION', 'v2'],
    ['ROLE', 'both'],
    ['DEFAULT_NETWORK', 'moon'],
    ['LB_STRATEGY', 'random'],
    ['JWT_EXPIRES_IN', 'soon'],
    ['WORKER_AUTH_TOKEN', 'short'],
    ['WORKER_HEALTH_CHECK_INTERVAL', '0'],
    ['RATE_LIMIT_WINDOW_MS', 'x'],
    ['RATE_LIMIT_MAX_REQUESTS', '0'],
    ['SMTP_PORT', '0'],
    ['WEBHOOK_SECRET', 'short'],
    ['LOG_LEVEL', 'loud'],
    ['ENABLE_METRICS', 'perhaps'],
    ['HELMET_ENABLED', 'perhaps'],
    ['ALLOW_QUERY_API_KEY', '2'],
  ])('a wrong %s (%s) is refused by its name', (name, value) => {
    expect(() => readConfig(ConfigSchema, { ...NEEDED, [name]: value })).toThrow(
      new RegExp(`^The environment is not valid: ${name} `),
    );
  });

  it('a delay that is longer than the whole end is refused', () => {
    const read = (delay: string) =>
      readConfig(ConfigSchema, { ...NEEDED, ...MEDIA, SHUTDOWN_GRACE_MS: '5000', SHUTDOWN_DELAY_MS: delay });
    expect(() => assertConsistent(read('4999'))).not.toThrow();
    expect(() => assertConsistent(read('5000'))).toThrow(
      /SHUTDOWN_DELAY_MS \(5000\) must be less than SHUTDOWN_GRACE_MS/,
    );
  });

  it('asks for what the media store needs', () => {
    const refusal = (env: Record<string, string>) => () =>
      assertConsistent(readConfig(ConfigSchema, { ...NEEDED, ...env }));
    expect(refusal({})).toThrow(/MEDIA_DIR is missing\. Name the folder/);
    expect(refusal({ MEDIA_STORE: 's3' })).toThrow(/S3_BUCKET is missing, and MEDIA_STORE is s3/);
    expect(refusal({ MEDIA_STORE: 's3', S3_BUCKET: 'media' })).not.toThrow();
  });

  it.each(Object.keys(NEEDED))('%s is missed by its name', (name) => {
    expect(() => readConfig(ConfigSchema, { ...NEEDED, [name]: '' })).toThrow(`${name} is missing`);
  });
});

it.each([
  ['15m', 900],
  ['90', 90],
  ['90s', 90],
  ['2h', 7_200],
  ['7d', 604_800],
])('%s is %i seconds', (duration, seconds) => {
  expect(durationSeconds(duration)).toBe(seconds);
});

it.each([
  ['', []],
  ['https://a.example.test', ['https://a.example.test']],
  [' https://a.example.test , https://b.example.test', ['https://a.example.test', 'https://b.example.test']],
  ['https://a.example.test,*', true],
])('origins %j are %j', (list, origins) => {
  expect(corsOrigins(list)).toEqual(origins);
});
