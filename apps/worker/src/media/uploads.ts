import { createHash, randomBytes } from 'node:crypto';
import type { Ownership } from '@wa-gate/cluster';
import type { FileReference } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { type BackoffOptions, backoffDelay, type Clock, type Logger } from '@wa-gate/kit';
import { MediaMissingError, type MediaStore } from '@wa-gate/media';
import { findUpload, forgetUpload, recordUpload } from '@wa-gate/messaging';
import type { FileToUpload } from '../content/codec.ts';
import type { Connection } from '../whatsapp/connection.ts';
import type { MediaConnection, MediaHost } from '../whatsapp/media-connection.ts';
import { GivingWay } from './giving-way.ts';
import { isStillThere } from './hosted-file.ts';
import { encrypted, encryptedLength, measure, mediaKeysOf } from './media-cipher.ts';
import { MEDIA_TYPES } from './media-type.ts';
import { type FileAddress, postFile } from './post-file.ts';
import { type ProgressWatch, watchProgress } from './progress-watch.ts';
import { readUpload, type StoredUpload, storedUpload } from './stored-upload.ts';
import {
  fileChanged,
  fileGone,
  HostAnswerError,
  refusedByHost,
  tooLargeForHost,
  UploadRefusedError,
  uploadFailed,
} from './upload-errors.ts';
import { UploadSlots } from './upload-slots.ts';
import type { UploadedFile } from './uploaded-file.ts';

export interface UploadsDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  store: Pick<MediaStore, 'get' | 'stat'>;
  /** @default {@link UPLOAD_PACE} */
  pace?: UploadPace;
}

export interface UploadPace {
  /** Uploads of this process at the same time. */
  total: number;
  /** Of them, uploads of one session. */
  perSession: number;
  /** Milliseconds without progress after which an attempt at one host ends. */
  noProgressMs: number;
  /** How often all hosts are tried. */
  rounds: number;
  /** Between the rounds. */
  retry: BackoffOptions;
  /** Milliseconds for which an upload is used again without a look at the host. */
  freshMs: number;
}

export const UPLOAD_PACE: UploadPace = {
  total: 4,
  perSession: 2,
  noProgressMs: 30_000,
  rounds: 4,
  retry: { initialMs: 1_000, maxMs: 30_000, factor: 4 },
  freshMs: 3_600_000,
};

type UploadConnection = Pick<Connection, 'mediaConnection' | 'mediaDispatcher'>;

/** A connection of a session, as long as its files may be uploaded. */
export interface UploadContext {
  owner: Ownership;
  connection: UploadConnection;
  /** Aborted when the connection is over, or its session moves. */
  signal: AbortSignal;
}

/** Refusals that the same file would meet at every host and at any time. */
const FINAL_ANSWERS: ReadonlySet<number> = new Set([400, 405, 410, 411, 413, 414, 415, 422]);
/** The word for uploads is not valid (any more). */
const NOT_AUTHORIZED: ReadonlySet<number> = new Set([401, 403]);

/**
 * Brings files from the media store to WhatsApp's media host: encrypted, but for those of channels. Each is read twice,
 * because its address there contains the hash of its encrypted form: nothing is written to a disk, and one chunk at a
 * time is in memory.
 *
 * The result is kept for the session. The same file is not uploaded again for as long as WhatsApp has it.
 */
export class Uploads {
  readonly #deps: UploadsDependencies;
  readonly #pace: UploadPace;
  readonly #slots: UploadSlots;
  readonly #givingWay: GivingWay;
  /** The media connections of connections, until their time is over. */
  readonly #hosts = new WeakMap<UploadConnection, { known: MediaConnection; until: number }>();
  /** What is on its way, by connection and file: many messages may carry the same one. */
  readonly #running = new WeakMap<UploadConnection, Map<string, Promise<UploadedFile>>>();

  constructor(deps: UploadsDependencies) {
    this.#deps = deps;
    this.#pace = deps.pace ?? UPLOAD_PACE;
    this.#slots = new UploadSlots(this.#pace);
    this.#givingWay = new GivingWay(deps.clock);
  }

  /**
   * @returns where the file is
   * @throws {UploadRefusedError} it can never be sent; any other error: the signal was aborted
   */
  upload(context: UploadContext, needed: FileToUpload): Promise<UploadedFile> {
    const { connection } = context;
    const running = this.#running.get(connection) ?? new Map<string, Promise<UploadedFile>>();
    this.#running.set(connection, running);
    const key = `${needed.file.sha256} ${keyOf(needed).mediaType}`;
    const before = running.get(key);
    if (before) return before;
    const upload = this.#find(context, needed).finally(() => running.delete(key));
    running.set(key, upload);
    return upload;
  }

  /** A message without a file is being sent: for a moment uploads go slowly. */
  giveWay(): void {
    this.#givingWay.giveWay();
  }

  async #find(context: UploadContext, needed: FileToUpload): Promise<UploadedFile> {
    const { owner, signal } = context;
    const found = await this.#known(context, needed);
    if (found) return found;
    const uploaded = await this.#slots.take(owner.sessionId, signal, () => this.#make(context, needed));
    await recordUpload(this.#deps.pool, owner, keyOf(needed), storedUpload(uploaded)).catch((error: unknown) => {
      // The message goes out all the same; the next one with this file uploads it once more.
      this.#deps.logger.warn({ err: error, ...owner }, 'upload not kept');
    });
    return uploaded;
  }

  /** An earlier upload of the same file, when WhatsApp still has it. */
  async #known({ owner, connection, signal }: UploadContext, needed: FileToUpload): Promise<UploadedFile | null> {
    const { pool, logger } = this.#deps;
    const found = await findUpload<StoredUpload>(pool, owner.sessionId, keyOf(needed)).catch((error: unknown) => {
      logger.warn({ err: error, ...owner }, 'earlier uploads could not be read');
      return null;
    });
    if (!found) return null;
    const upload = readUpload(found.upload);
    if (found.ageMs < this.#pace.freshMs) return upload;
    const isThere = await this.#watched(signal, (watch) =>
      isStillThere(upload.url, connection.mediaDispatcher, watch.signal),
    );
    if (isThere) return upload;
    await forgetUpload(pool, owner.sessionId, keyOf(needed));
    return null;
  }

  async #make(context: UploadContext, needed: FileToUpload): Promise<UploadedFile> {
    const { file, isPlain } = needed;
    const body = await (isPlain ? this.#plain(context, file) : this.#encrypt(context, needed));
    const address = await this.#tryHosts(context, needed, body);
    const { word } = MEDIA_TYPES[needed.mediaType];
    this.#deps.logger.debug({ ...context.owner, word, isPlain, size: file.size }, 'file uploaded');
    return {
      ...address,
      ...body.keys,
      fileSha256: Buffer.from(file.sha256, 'base64'),
      fileLength: file.size,
    };
  }

  /** The file itself. Its bytes are compared before, because the host refuses others without a word that tells why. */
  async #plain({ signal }: UploadContext, file: FileReference): Promise<Body> {
    const hash = createHash('sha256');
    await this.#watched(signal, async (watch) => {
      for await (const piece of await this.#open(file, watch)) hash.update(piece);
    });
    const sha256 = hash.digest();
    if (sha256.toString('base64') !== file.sha256) throw fileChanged();
    return { sha256, length: file.size, of: (bytes) => bytes, keys: {} };
  }

  async #encrypt(context: UploadContext, { file, mediaType }: FileToUpload): Promise<Body> {
    const mediaKey = randomBytes(32);
    const keys = mediaKeysOf(mediaKey, mediaType);
    const { size, sha256, encSha256, mac, sidecar } = await this.#watched(context.signal, async (watch) =>
      measure(await this.#open(file, watch), keys, MEDIA_TYPES[mediaType].streams),
    );
    if (size !== file.size || sha256.toString('base64') !== file.sha256) throw fileChanged();
    return {
      sha256: encSha256,
      length: encryptedLength(file.size),
      of: (plain) => encrypted(plain, keys, mac),
      keys: {
        mediaKey,
        fileEncSha256: encSha256,
        mediaKeyTimestamp: Math.floor(Date.now() / 1000),
        ...(sidecar && { sidecar }),
      },
    };
  }

  /** One host after the other, and all of them again after a pause. */
  async #tryHosts(context: UploadContext, needed: FileToUpload, body: Body): Promise<FileAddress> {
    const { owner, signal } = context;
    let last: unknown;
    for (let round = 0; round < this.#pace.rounds; round += 1) {
      if (round > 0) await this.#pause(round - 1, signal);
      try {
        return await this.#tryRound(context, needed, body);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof UploadRefusedError) throw error;
        last = error;
        this.#deps.logger.warn(
          { err: error, ...owner, round, size: needed.file.size },
          'file not uploaded, trying again',
        );
      }
    }
    throw uploadFailed(last);
  }

  /** @throws the reason of the last host */
  async #tryRound(context: UploadContext, needed: FileToUpload, body: Body): Promise<FileAddress> {
    const { hosts, auth } = await this.#mediaConnection(context.connection);
    let last: unknown;
    for (const host of hosts) {
      try {
        return await this.#post(context, host, auth, needed, body);
      } catch (error) {
        context.signal.throwIfAborted();
        if (error instanceof UploadRefusedError) throw error;
        if (error instanceof HostAnswerError && FINAL_ANSWERS.has(error.status)) throw refusedByHost(error);
        this.#deps.logger.debug({ err: error, ...context.owner, host: host.hostname }, 'host took no file');
        last = error;
        if (error instanceof HostAnswerError && NOT_AUTHORIZED.has(error.status)) break;
      }
    }
    // It may name other hosts by now, and another word.
    this.#hosts.delete(context.connection);
    throw last;
  }

  async #post(
    { connection, signal }: UploadContext,
    { hostname, maxBytes }: MediaHost,
    auth: string,
    { file, mediaType, isPlain = false }: FileToUpload,
    { sha256, length, of }: Body,
  ): Promise<FileAddress> {
    if (length > maxBytes) throw tooLargeForHost(maxBytes);
    const { path, plainPath } = MEDIA_TYPES[mediaType];
    return await this.#watched(signal, async (watch) =>
      postFile({
        hostname,
        path: isPlain ? plainPath : path,
        auth,
        sha256,
        wantsThumbnail: isPlain,
        length,
        body: of(await this.#open(file, watch)),
        dispatcher: connection.mediaDispatcher,
        watch,
      }),
    );
  }

  /** Ends what stands still, and what the connection does not need any more. */
  async #watched<T>(signal: AbortSignal, run: (watch: ProgressWatch) => Promise<T>): Promise<T> {
    const watch = watchProgress(this.#pace.noProgressMs, signal);
    try {
      return await run(watch);
    } catch (error) {
      watch.signal.throwIfAborted();
      throw error;
    } finally {
      watch.stop();
    }
  }

  async #open({ storageKey, size }: FileReference, watch: ProgressWatch): Promise<AsyncIterable<Buffer>> {
    const { store } = this.#deps;
    const found = await store.stat(storageKey);
    if (!found) throw fileGone();
    if (found.size !== size) throw fileChanged();
    const bytes = await store.get(storageKey).catch((error: unknown) => {
      throw error instanceof MediaMissingError ? fileGone(error) : error;
    });
    return this.#givingWay.read(bytes, watch);
  }

  async #mediaConnection(connection: UploadConnection): Promise<MediaConnection> {
    const now = this.#deps.clock.monotonic();
    const cached = this.#hosts.get(connection);
    if (cached && cached.until > now) return cached.known;
    const known = await connection.mediaConnection();
    this.#hosts.set(connection, { known, until: now + known.ttl * 1000 });
    return known;
  }

  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    await this.#deps.clock.sleep(backoffDelay(failures, this.#pace.retry), signal);
    signal.throwIfAborted();
  }
}

/** What is sent to a host. */
interface Body {
  sha256: Buffer;
  /** Bytes. */
  length: number;
  of: (file: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
  keys: Pick<UploadedFile, 'mediaKey' | 'fileEncSha256' | 'mediaKeyTimestamp' | 'sidecar'>;
}

/** What makes two uploads the same. */
function keyOf({ file, mediaType, isPlain }: FileToUpload) {
  const { word, plainPath } = MEDIA_TYPES[mediaType];
  return { sha256: Buffer.from(file.sha256, 'base64'), mediaType: isPlain ? plainPath.split('/').at(-1)! : word };
}
