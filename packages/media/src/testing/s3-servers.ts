import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import S3rver from 's3rver';
import type { MediaConfig } from '../environment.ts';

/** A server that speaks S3, in this process. */
export interface S3Server {
  config: Extract<MediaConfig, { store: 's3' }>;
  stop(): Promise<void>;
}

const BUCKET = 'media';

const configOf = (port: number, accessKeyId: string): S3Server['config'] => ({
  store: 's3',
  bucket: BUCKET,
  region: 'us-east-1',
  prefix: 'installation/',
  endpoint: `http://127.0.0.1:${port}`,
  forcePathStyle: true,
  credentials: { accessKeyId, secretAccessKey: accessKeyId },
});

/** In memory. Its ranges are right, its presigned URLs never expire. */
async function startFauxqsServer(): Promise<S3Server> {
  const server = await startFauxqs({ port: 0, logger: false });
  server.createBucket(BUCKET);
  return { config: configOf(server.port, 'test'), stop: () => server.stop() };
}

/** With files. It checks signatures, and reads suffix ranges wrong. */
async function startS3rverServer(): Promise<S3Server> {
  const directory = await mkdtemp(join(tmpdir(), 'wag-s3rver-'));
  const server = new S3rver({
    address: '127.0.0.1',
    port: 0,
    silent: true,
    directory,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  const { port } = (await server.run()) as AddressInfo;
  return {
    config: configOf(port, 'S3RVER'),
    async stop() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const S3_SERVERS = { fauxqs: startFauxqsServer, s3rver: startS3rverServer } as const;
