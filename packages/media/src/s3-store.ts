import { pipeline, type Readable } from 'node:stream';
import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { lazily } from '@wa-gate/kit';
import type { MediaConfig } from './environment.ts';
import { createHashingStream } from './hashing.ts';
import {
  assertKey,
  type ByteRange,
  MediaMissingError,
  type MediaStore,
  MediaStoreError,
  type StoredFile,
} from './media-store.ts';

type S3Config = Extract<MediaConfig, { store: 's3' }>;

/** The smallest that S3 takes. A put holds two parts in memory. */
const PART_BYTES = 5 * 1_048_576;
const PARTS_IN_FLIGHT = 2;
/** Keys of one request to delete. */
const KEYS_PER_DELETE = 1_000;
const CONNECT_MS = 5_000;
/** Milliseconds without a byte in either direction. */
const SILENCE_MS = 60_000;

interface ServiceFailure {
  name?: string;
  message?: string;
  code?: string;
  $metadata?: { httpStatusCode?: number };
}
const statusOf = (error: unknown): number | undefined => (error as ServiceFailure).$metadata?.httpStatusCode;
/** Some compatible servers keep no list of uploads that were begun. */
const isUnknownToServer = (error: unknown): boolean => statusOf(error) === 501 || statusOf(error) === 405;
const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as ServiceFailure).name !== 'NoSuchBucket';

const rangeHeader = ({ start, end }: ByteRange): string => `bytes=${start}-${end ?? ''}`;

/** Why the bucket cannot be used, as a sentence for the operator. */
function explain(error: unknown, { bucket, endpoint, region }: S3Config): MediaStoreError {
  const { code, name, message } = error as ServiceFailure;
  const where = endpoint ?? `AWS (${region})`;
  const sentence = (): string => {
    switch (statusOf(error)) {
      case 404:
        return `there is no bucket ${bucket} at ${where}. Create it, or correct S3_BUCKET.`;
      case 401:
      case 403:
        return `${where} does not let these credentials list the bucket ${bucket}. Check S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and the policy.`;
      case 301:
        return `the bucket ${bucket} is in another region than ${region}. Correct S3_REGION.`;
      default:
        return `${where} cannot be used (${code ?? name}: ${message}). Check S3_ENDPOINT, S3_REGION and the credentials.`;
    }
  };
  return new MediaStoreError(`MEDIA_STORE=s3: ${sentence()}`, { cause: error });
}

/** Objects of a bucket, of AWS or of a compatible server. */
export function createS3Store(config: S3Config): MediaStore {
  const { bucket, prefix } = config;
  let isUsed = false;
  /**
   * Checksums only where S3 requires them: compatible servers store the frames of trailing checksums as part of the
   * file.
   */
  const opened = lazily(async () => {
    isUsed = true;
    const sdk = await import('./s3-sdk.ts');
    const client = new sdk.S3Client({
      region: config.region,
      forcePathStyle: config.forcePathStyle,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
      ...(config.endpoint !== undefined && { endpoint: config.endpoint }),
      ...(config.credentials && { credentials: config.credentials }),
    });
    return { client, sdk };
  });
  const nameOf = (key: string): string => {
    assertKey(key);
    return prefix + key;
  };

  return {
    isShared: true,

    async put(key, body, { signal } = {}) {
      const Key = nameOf(key);
      const hashing = createHashingStream();
      try {
        const { client, sdk } = await opened();
        signal?.throwIfAborted();
        // A failure of the body destroys the stream that the upload reads, which fails then.
        const source = pipeline(body, hashing.stream, () => undefined);
        const upload = new sdk.Upload({
          client,
          params: { Bucket: bucket, Key, Body: source },
          partSize: PART_BYTES,
          queueSize: PARTS_IN_FLIGHT,
          leavePartsOnError: false,
        });
        const abort = () => {
          body.destroy(signal?.reason as Error);
          void upload.abort();
        };
        signal?.addEventListener('abort', abort, { once: true });
        try {
          await upload.done();
        } finally {
          signal?.removeEventListener('abort', abort);
        }
        signal?.throwIfAborted();
      } catch (error) {
        body.destroy();
        throw error;
      }
      return hashing.result();
    },

    async get(key, range) {
      const { client, sdk } = await opened();
      try {
        const { Body } = await client.send(
          new sdk.GetObjectCommand({
            Bucket: bucket,
            Key: nameOf(key),
            ...(range && { Range: rangeHeader(range) }),
          }),
        );
        return Body as Readable;
      } catch (error) {
        if (isMissing(error)) throw new MediaMissingError(key, { cause: error });
        throw error;
      }
    },

    async stat(key) {
      const { client, sdk } = await opened();
      try {
        const { ContentLength } = await client.send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: nameOf(key) }));
        return { size: ContentLength ?? 0 };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },

    async remove(keys) {
      const { client, sdk } = await opened();
      for (let from = 0; from < keys.length; from += KEYS_PER_DELETE) {
        const Objects = keys.slice(from, from + KEYS_PER_DELETE).map((key) => ({ Key: nameOf(key) }));
        const { Errors } = await client.send(
          new sdk.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }),
        );
        const [first] = Errors ?? [];
        if (first) throw new MediaStoreError(`${first.Key} could not be removed: ${first.Code} ${first.Message}`);
      }
    },

    async *list(keyPrefix): AsyncGenerator<StoredFile> {
      const { client, sdk } = await opened();
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(
          new sdk.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix + keyPrefix,
            ...(ContinuationToken !== undefined && { ContinuationToken }),
          }),
        );
        for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
          if (Key === undefined || LastModified === undefined) continue;
          yield { key: Key.slice(prefix.length), size: Size, modifiedAt: LastModified };
        }
        ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (ContinuationToken !== undefined);
    },

    async sweepAbandoned(before) {
      const { client, sdk } = await opened();
      let swept = 0;
      let page: { IsTruncated?: boolean | undefined };
      do {
        const found = await client
          .send(new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }))
          .catch((error: unknown) => {
            if (isUnknownToServer(error)) return {} as ListMultipartUploadsCommandOutput;
            throw error;
          });
        const old = (found.Uploads ?? []).filter(({ Initiated }) => Initiated !== undefined && Initiated < before);
        for (const { Key, UploadId } of old) {
          await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
          swept += 1;
        }
        page = old.length > 0 ? found : {};
      } while (page.IsTruncated);
      return swept;
    },

    async identify() {
      const { client, sdk } = await opened();
      try {
        await client.send(new sdk.HeadBucketCommand({ Bucket: bucket }));
      } catch (error) {
        throw explain(error, config);
      }
      return `s3:${bucket}/${prefix}`;
    },

    async close() {
      if (isUsed) (await opened()).client.destroy();
    },
  };
}
