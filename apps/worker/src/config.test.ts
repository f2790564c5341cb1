import { RESERVED_WORKER_IDS } from '@wa-gate/contracts';
import { ConfigError } from '@wa-gate/kit';
import { declaredVariables, documentedVariables } from '@wa-gate/testkit';
import { expect, it } from 'vitest';
import { readWorkerConfig, WorkerConfigSchema } from './config.ts';

const env = {
  WORKER_ID: 'worker-1',
  GATEWAY_URL: 'http://127.0.0.1:8000',
  DATABASE_URL: 'postgresql://127.0.0.1/wa',
  REDIS_URL: 'redis://127.0.0.1',
  WAG_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
  WORKER_AUTH_TOKEN: 'join',
  SANDBOX_URL: 'http://127.0.0.1:8920',
  MEDIA_DIR: '/srv/media',
};

it('has defaults for everything that has a good one', () => {
  expect(readWorkerConfig(env)).toMatchObject({ PORT: 8001, HOST: '127.0.0.1', NETWORK: 'sandbox', MAX_SESSIONS: 50 });
});

it('names every variable that is missing or wrong', () => {
  expect(() => readWorkerConfig({ ...env, WORKER_ID: undefined, PORT: '0', NETWORK: 'moon' })).toThrow(
    /WORKER_ID is missing.*PORT must be >= 1.*NETWORK must be equal to one of the allowed values \(sandbox, live\)/s,
  );
});

it('refuses a name that stands for something else in the paths of the API', () => {
  for (const WORKER_ID of RESERVED_WORKER_IDS) {
    expect(() => readWorkerConfig({ ...env, WORKER_ID })).toThrow(/WORKER_ID must match pattern/);
  }
  expect(readWorkerConfig({ ...env, WORKER_ID: 'metrics-1' }).WORKER_ID).toBe('metrics-1');
});

it('asks for the sandbox only on the sandbox network', () => {
  const withoutSandbox = { ...env, SANDBOX_URL: '' };
  expect(() => readWorkerConfig(withoutSandbox)).toThrow(ConfigError);
  expect(readWorkerConfig({ ...withoutSandbox, NETWORK: 'live' }).NETWORK).toBe('live');
});

it('asks for what the media store needs', () => {
  expect(() => readWorkerConfig({ ...env, MEDIA_DIR: '' })).toThrow(/MEDIA_DIR is missing\. Name the folder/);
  const s3 = { ...env, MEDIA_DIR: '', MEDIA_STORE: 's3' };
  expect(() => readWorkerConfig(s3)).toThrow(/S3_BUCKET is missing, and MEDIA_STORE is s3/);
  expect(() => readWorkerConfig({ ...s3, S3_BUCKET: 'b', S3_ACCESS_KEY_ID: 'a' })).toThrow(/are set together/);
  expect(readWorkerConfig({ ...s3, S3_BUCKET: 'b' }).S3_BUCKET).toBe('b');
  expect(() => readWorkerConfig({ ...env, MEDIA_STORE: 'ftp' })).toThrow(/MEDIA_STORE must be/);
});

it('is documented, each variable with its default (MR-184)', () => {
  expect(documentedVariables('Worker')).toEqual(declaredVariables(WorkerConfigSchema));
});
