import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError } from '@wa-gate/kit';
import { type Static, Type } from 'typebox';

/** Environment variables of every process that reads or writes media. */
export const MEDIA_ENVIRONMENT = {
  MEDIA_STORE: Type.Enum(['local', 's3'], { default: 'local', description: 'Where files are kept.' }),
  MEDIA_DIR: Type.Optional(
    Type.String({ description: 'The folder of MEDIA_STORE=local, the same for all processes.' }),
  ),
  MEDIA_TMP: Type.Optional(Type.String({ description: 'A folder for files in work; of this machine.' })),
  MEDIA_MAX_BYTES: Type.Integer({
    minimum: 1,
    maximum: 2_147_483_648,
    default: 104_857_600,
    description: 'The largest file.',
  }),
  S3_ENDPOINT: Type.Optional(Type.String({ pattern: '^https?://', description: 'Of a server that is not AWS.' })),
  S3_REGION: Type.String({ default: 'us-east-1' }),
  S3_BUCKET: Type.Optional(Type.String({ description: 'Needed when MEDIA_STORE is s3.' })),
  S3_PREFIX: Type.String({
    pattern: '^(?:[A-Za-z0-9._-]+/)*$',
    default: '',
    description: 'What all keys begin with, such as `wa-gate/`.',
  }),
  S3_ACCESS_KEY_ID: Type.Optional(Type.String()),
  S3_SECRET_ACCESS_KEY: Type.Optional(Type.String()),
  S3_FORCE_PATH_STYLE: Type.Boolean({
    default: true,
    description: 'The bucket is in the path of URLs, not in the host.',
  }),
};

const Environment = Type.Object(MEDIA_ENVIRONMENT);
/** The values of {@link MEDIA_ENVIRONMENT}. */
export type MediaEnvironment = Readonly<Static<typeof Environment>>;

export type MediaConfig =
  | { store: 'local'; folder: string }
  | {
      store: 's3';
      bucket: string;
      region: string;
      prefix: string;
      endpoint?: string | undefined;
      forcePathStyle: boolean;
      /** Without them the SDK looks for credentials in its usual places. */
      credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
    };

/** @throws {ConfigError} for variables that do not fit each other */
export function mediaConfigOf(env: MediaEnvironment): MediaConfig {
  if (env.MEDIA_STORE === 'local') {
    if (env.MEDIA_DIR) return { store: 'local', folder: resolve(env.MEDIA_DIR) };
    throw new ConfigError(
      'The environment is not valid: MEDIA_DIR is missing. Name the folder in which all processes keep media, or set MEDIA_STORE=s3.',
    );
  }
  const { S3_BUCKET: bucket, S3_ACCESS_KEY_ID: accessKeyId, S3_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!bucket) throw new ConfigError('The environment is not valid: S3_BUCKET is missing, and MEDIA_STORE is s3.');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new ConfigError(
      'The environment is not valid: S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY are set together, or neither of them.',
    );
  }
  return {
    store: 's3',
    bucket,
    region: env.S3_REGION,
    prefix: env.S3_PREFIX,
    endpoint: env.S3_ENDPOINT,
    forcePathStyle: env.S3_FORCE_PATH_STYLE,
    credentials:
      accessKeyId !== undefined && secretAccessKey !== undefined ? { accessKeyId, secretAccessKey } : undefined,
  };
}

/** The store as its operator knows it, such as `MEDIA_DIR (/srv/media)`. */
export const nameOfStore = (config: MediaConfig): string =>
  config.store === 'local' ? `MEDIA_DIR (${config.folder})` : `S3_BUCKET (${config.bucket}/${config.prefix})`;

/** The folder in which processes make their folders for files in work. By default each user has its own. */
export const workFolderPath = ({ MEDIA_TMP }: MediaEnvironment): string =>
  MEDIA_TMP ? resolve(MEDIA_TMP) : join(tmpdir(), `wa-gate-${process.getuid?.() ?? 'user'}`);
