import type { Ownership } from '@wa-gate/cluster';
import type { Pool } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger, newId } from '@wa-gate/kit';
import type { MediaStore } from '@wa-gate/media';
import {
  type ConcludedDownload,
  claimDownloads,
  concludeDownloads,
  type Download,
  findLostMedia,
  inspectDownloads,
  postponeDownload,
  relocateMedia,
  requestDownload,
  storageKeyOf,
  type WhatsAppReference,
} from '@wa-gate/messaging';
import type { KeyedLock } from '../keyed-lock.ts';
import { type LostFile, type MediaRetryAnswer, openMediaRetryAnswer } from '../whatsapp/media-retry.ts';
import type { MediaAccess } from '../whatsapp/network.ts';
import type { Announce } from '../writers/announcer.ts';
import { Batcher } from '../writers/batcher.ts';
import { FileDamagedError, FileGoneError, FileTooLargeError } from './download-errors.ts';
import { fetchFile } from './fetch-file.ts';

export interface DownloadsDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  /** The sessions that this worker hosts. */
  owners: () => readonly Ownership[];
  store: Pick<MediaStore, 'put' | 'remove'>;
  /** Bytes of the largest file of this installation; a tier may allow less. */
  maxBytes: number;
  /** How the session reaches the hosts of files. */
  access: (sessionId: string) => Promise<MediaAccess>;
  /** Asks the phone of a session to upload a file again. `false`: it is not connected now. */
  askForFile: (owner: Ownership, file: LostFile) => Promise<boolean>;
  /** Whether this process holds its lease, by its own clock. */
  mayStart: () => boolean;
  onConcluded?: (status: ConcludedDownload['status'], bytes: number) => void;
  /** @default DOWNLOAD_PACE */
  pace?: DownloadPace;
}

export interface DownloadPace {
  /** Files that are fetched at the same time, by all sessions of the worker and by one of them. */
  perWorker: number;
  perSession: number;
  /** Files of a session in hand at the same time: those that its phone is asked for, too. */
  inHandPerSession: number;
  /** Milliseconds between two looks for due downloads, for those that no notice came of. */
  pollMs: number;
  /** Milliseconds without a byte after which the host counts as silent. */
  silenceMs: number;
  /** Milliseconds that a file may take: a fixed part, and its size at the slowest rate in bytes per second. */
  fixedMs: number;
  slowestRate: number;
  /** Milliseconds that the phone has for its answer. */
  answerMs: number;
  /** Milliseconds until a session without a connection is looked at again. */
  noConnectionMs: number;
  /** Attempts after which a file is given up that the host neither has nor denies: about two hours. */
  maxAttempts: number;
  retry: { initialMs: number; maxMs: number };
}

export const DOWNLOAD_PACE: DownloadPace = {
  perWorker: 8,
  perSession: 3,
  inHandPerSession: 20,
  pollMs: 2_000,
  silenceMs: 20_000,
  fixedMs: 60_000,
  slowestRate: 16_384,
  answerMs: 30_000,
  noConnectionMs: 15_000,
  maxAttempts: 14,
  retry: { initialMs: 2_000, maxMs: 900_000 },
};

/** A download that this worker has claimed. */
interface InHand {
  download: Download;
  abort: AbortController;
  /** The phone is asked for it: no bytes are under way. */
  isAsking: boolean;
}

/** What became of an attempt: the end of the download, or that it goes back. */
type Outcome = ConcludedDownload | { status: 'postponed'; delayMs: number; counts: boolean };

/** The worker stops, or the session is no longer its own. */
class Interrupted extends Error {}

/**
 * Fetches the files of received messages into the media store. Rows of the database say what is to be fetched; what is
 * in hand is in memory alone, so a crash loses nothing but bytes. A file becomes visible when it is whole and verified.
 */
export class Downloads {
  readonly #deps: DownloadsDependencies;
  readonly #pace: DownloadPace;
  readonly #inHand = new Map<string, InHand>();
  /** Sessions that may have due downloads. */
  readonly #dirty = new Set<string>();
  /** Who waits for the answer of a phone, by session and message. */
  readonly #questions = new Map<string, (answer: MediaRetryAnswer) => void>();
  readonly #concluding: Batcher<ConcludedDownload>;
  #isClaiming = false;
  /** Something has changed since the last claim began. */
  #again = false;
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: DownloadsDependencies) {
    this.#deps = deps;
    this.#pace = deps.pace ?? DOWNLOAD_PACE;
    const { writeLock, clock, logger } = deps;
    this.#concluding = new Batcher({
      name: 'downloads',
      writeLock,
      clock,
      logger,
      run: (batch) => this.#conclude(batch),
      onPoison: ({ sessionId, mediaId }, error) =>
        logger.error({ err: error, sessionId, mediaId }, 'the end of a download cannot be stored'),
    });
  }

  start(): void {
    this.#isRunning = true;
    this.#timer = setInterval(() => void this.#poll(), this.#pace.pollMs).unref();
  }

  /** Gives up what is under way; the next owner fetches it anew. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    clearInterval(this.#timer);
    for (const { abort } of this.#inHand.values()) abort.abort(new Interrupted());
    const { clock } = this.#deps;
    while (this.#inHand.size > 0 || this.#isClaiming) await clock.sleep(10);
    await this.#concluding.flush();
  }

  /** Writes what has come to its end; with `sessionId`, only of that session. */
  flush(sessionId?: string): Promise<void> {
    return this.#concluding.flush(sessionId);
  }

  /** There may be something to fetch for this session. */
  notify(sessionId: string): void {
    this.#dirty.add(sessionId);
    void this.#pump();
  }

  /** A phone answers a question for a file. One that nobody waits for any more is good for a file that was given up. */
  answered(owner: Ownership, answer: MediaRetryAnswer): void {
    const waiting = this.#questions.get(questionKey(owner, answer));
    if (waiting) waiting(answer);
    else if (answer.sealed) void this.#answeredLate(owner, answer);
  }

  async #poll(): Promise<void> {
    const { pool, logger, owners } = this.#deps;
    const mine = owners();
    const epochs = new Map(mine.map(({ sessionId, epoch }) => [sessionId, epoch]));
    for (const { download, abort } of this.#inHand.values())
      if (epochs.get(download.sessionId) !== download.epoch) abort.abort(new Interrupted());
    if (mine.length === 0) return;
    try {
      const due = await inspectDownloads(pool, [...epochs.keys()], [...this.#inHand.keys()]);
      for (const sessionId of due) this.#dirty.add(sessionId);
    } catch (error) {
      logger.debug({ err: error }, 'downloads not polled');
    }
    await this.#pump();
  }

  async #pump(): Promise<void> {
    this.#again = true;
    if (this.#isClaiming) return;
    this.#isClaiming = true;
    try {
      while (this.#again) {
        this.#again = false;
        const hasMore = await this.#claim();
        this.#again ||= hasMore;
      }
    } catch (error) {
      // The next poll looks again.
      this.#deps.logger.warn({ err: error }, 'downloads could not be claimed, trying again');
    } finally {
      this.#isClaiming = false;
    }
  }

  /** Takes and begins as many as there is room for. Returns whether there may be more. */
  async #claim(): Promise<boolean> {
    const { pool, owners, mayStart } = this.#deps;
    const free = this.#pace.perWorker - this.#fetching().length;
    if (!this.#isRunning || free <= 0 || !mayStart()) return false;
    const rooms = owners().flatMap((owner) => {
      const room = this.#dirty.has(owner.sessionId) ? this.#roomOf(owner.sessionId) : 0;
      return room > 0 ? [{ ...owner, room }] : [];
    });
    if (rooms.length === 0) return false;
    for (const { sessionId } of rooms) this.#dirty.delete(sessionId);
    const claimed = await claimDownloads(pool, rooms, [...this.#inHand.keys()], free);
    for (const download of claimed) void this.#run(download);
    for (const { sessionId, room } of rooms) {
      const taken = claimed.filter((download) => download.sessionId === sessionId).length;
      if (taken === room || claimed.length === free) this.#dirty.add(sessionId);
    }
    return claimed.length > 0;
  }

  #fetching(sessionId?: string): InHand[] {
    return [...this.#inHand.values()].filter(
      ({ isAsking, download }) => !isAsking && (sessionId === undefined || download.sessionId === sessionId),
    );
  }

  #roomOf(sessionId: string): number {
    const { perSession, inHandPerSession } = this.#pace;
    const all = [...this.#inHand.values()].filter(({ download }) => download.sessionId === sessionId).length;
    return Math.min(perSession - this.#fetching(sessionId).length, inHandPerSession - all);
  }

  async #run(download: Download): Promise<void> {
    const { logger } = this.#deps;
    const { mediaId, sessionId } = download;
    const inHand: InHand = { download, abort: new AbortController(), isAsking: false };
    this.#inHand.set(mediaId, inHand);
    try {
      await this.#settle(download, await this.#attempt(inHand));
    } catch (error) {
      // The row is as it was. The next poll finds it due.
      logger.warn({ err: error, sessionId, mediaId }, 'download not settled');
    } finally {
      this.#inHand.delete(mediaId);
      void this.#pump();
    }
  }

  async #attempt(inHand: InHand): Promise<Outcome> {
    const { download, abort } = inHand;
    try {
      return await this.#fetch(inHand);
    } catch (error) {
      if (abort.signal.reason instanceof Interrupted) return { status: 'postponed', delayMs: 0, counts: false };
      const { maxAttempts, retry } = this.#pace;
      const { sessionId, mediaId, attempts } = download;
      this.#deps.logger.info({ err: error, sessionId, mediaId, attempts }, 'file not fetched');
      if (attempts >= maxAttempts) return failed(download, 'failed', 'MEDIA_UNREACHABLE', sentenceOf(error));
      return { status: 'postponed', delayMs: backoffDelay(attempts - 1, retry), counts: true };
    }
  }

  /** @throws what is no fault of the file: it is tried again */
  async #fetch(inHand: InHand): Promise<Outcome> {
    const { download } = inHand;
    const maxBytes = Math.min(this.#deps.maxBytes, download.maxBytes);
    let { reference } = download;
    if (!reference) return failed(download, 'failed', 'MEDIA_UNREADABLE', 'The message has no key for its file.');
    if ((reference.fileLength ?? 0) > maxBytes) return tooLarge(download, maxBytes);
    for (let hasAsked = false; ; hasAsked = true) {
      try {
        return await this.#store(inHand, reference, maxBytes);
      } catch (error) {
        if (error instanceof FileTooLargeError) return tooLarge(download, maxBytes);
        if (!(error instanceof FileGoneError || error instanceof FileDamagedError)) throw error;
        const { mediaKey } = reference;
        if (mediaKey === undefined)
          return failed(download, 'expired', 'MEDIA_EXPIRED', `${sentenceOf(error)} ${NOBODY_TO_ASK}`);
        if (hasAsked) return failed(download, 'expired', 'MEDIA_EXPIRED', `${sentenceOf(error)} ${ASKED_IN_VAIN}`);
        const answer = await this.#ask(inHand, mediaKey);
        if (answer === 'not connected')
          return { status: 'postponed', delayMs: this.#pace.noConnectionMs, counts: false };
        if ('refusal' in answer)
          return failed(download, 'expired', 'MEDIA_EXPIRED', `${sentenceOf(error)} ${answer.refusal}`);
        reference = await relocateMedia(this.#deps.pool, download, answer.directPath);
        if (!reference) throw new Interrupted();
      }
    }
  }

  async #store({ download, abort }: InHand, reference: WhatsAppReference, maxBytes: number): Promise<Outcome> {
    const { store, access } = this.#deps;
    const { silenceMs, fixedMs, slowestRate } = this.#pace;
    const bytes = reference.fileLength ?? maxBytes;
    const deadline = AbortSignal.timeout(Math.round(fixedMs + (bytes / slowestRate) * 1_000));
    const fileId = newId();
    const file = await fetchFile({
      store,
      storageKey: storageKeyOf(download.workspaceId, fileId),
      access: await access(download.sessionId),
      reference,
      maxBytes,
      silenceMs,
      signal: AbortSignal.any([abort.signal, deadline]),
    });
    const { sessionId, epoch, mediaId } = download;
    return { sessionId, epoch, mediaId, status: 'ready', file: { fileId, ...file } };
  }

  /** Asks the phone once, and waits for its answer. */
  async #ask(inHand: InHand, base64: string): Promise<'not connected' | { directPath: string } | { refusal: string }> {
    const { download, abort } = inHand;
    const { waMessageId, chatJid, fromMe, fromJid } = download;
    const mediaKey = Buffer.from(base64, 'base64');
    const participant = /@(?:g\.us|broadcast)$/.test(chatJid) ? (fromJid ?? undefined) : undefined;
    const key = questionKey(download, download);
    inHand.isAsking = true;
    void this.#pump();
    try {
      const answer = new Promise<MediaRetryAnswer>((resolve) => this.#questions.set(key, resolve));
      const isAsked = await this.#deps.askForFile(download, { waMessageId, chatJid, fromMe, participant, mediaKey });
      if (!isAsked) return 'not connected';
      const { answerMs } = this.#pace;
      const late = this.#deps.clock.sleep(answerMs, abort.signal);
      const first = await Promise.race([answer, late]);
      return first
        ? openMediaRetryAnswer(first, mediaKey)
        : { refusal: `The phone has not answered within ${answerMs / 1_000} s.` };
    } finally {
      this.#questions.delete(key);
      inHand.isAsking = false;
    }
  }

  async #answeredLate(owner: Ownership, answer: MediaRetryAnswer): Promise<void> {
    const { pool, logger } = this.#deps;
    try {
      const lost = await findLostMedia(pool, { ...owner, ...answer });
      if (!lost?.reference.mediaKey) return;
      const opened = openMediaRetryAnswer(answer, Buffer.from(lost.reference.mediaKey, 'base64'));
      if ('refusal' in opened) return;
      if (!(await relocateMedia(pool, { ...owner, mediaId: lost.mediaId }, opened.directPath))) return;
      await requestDownload(pool, lost.mediaId);
      this.notify(owner.sessionId);
    } catch (error) {
      logger.warn({ err: error, ...owner }, 'late answer of a phone about a file was lost');
    }
  }

  async #settle(download: Download, outcome: Outcome): Promise<void> {
    if (outcome.status === 'postponed') {
      await postponeDownload(this.#deps.pool, download, outcome);
      return;
    }
    this.#concluding.add([outcome]);
    // Until it is written, the row is due.
    await this.#concluding.flush(download.sessionId);
  }

  async #conclude(batch: ConcludedDownload[]): Promise<void> {
    const { pool, store, announce, onStale, onConcluded, logger } = this.#deps;
    const concluded = await concludeDownloads(pool, batch);
    announce(concluded);
    const stale = new Set(concluded.stale);
    for (const download of batch) {
      if (stale.has(download.sessionId)) continue;
      onConcluded?.(download.status, download.status === 'ready' ? download.file.size : 0);
    }
    for (const owner of batch) if (stale.delete(owner.sessionId)) onStale(owner);
    if (concluded.spare.length === 0) return;
    // The sweep of the store removes what stays.
    await store
      .remove(concluded.spare)
      .catch((error: unknown) => logger.warn({ err: error }, 'files that are stored already not removed'));
  }
}

const NOBODY_TO_ASK = 'It is the file of a channel: no phone of this account has it.';
const ASKED_IN_VAIN = 'The phone has uploaded it again, and that was no better.';

const questionKey = ({ sessionId }: { sessionId: string }, { waMessageId }: { waMessageId: string }): string =>
  `${sessionId} ${waMessageId}`;

const failed = (
  { sessionId, epoch, mediaId }: Download,
  status: 'expired' | 'failed',
  code: string,
  message: string,
): ConcludedDownload => ({ sessionId, epoch, mediaId, status, error: { code, message } });

const tooLarge = (download: Download, maxBytes: number): ConcludedDownload =>
  failed(download, 'failed', 'MEDIA_TOO_LARGE', `The file is larger than the ${maxBytes} bytes that are stored here.`);

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
