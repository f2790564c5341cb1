import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createInflate } from 'node:zlib';
import { type Ownership, StaleEpochError } from '@wa-gate/cluster';
import { isDatabaseUnavailable, isDataRefused, isTimedOut, type Pool } from '@wa-gate/db';
import { backoffDelay, type Clock, type Logger, newId } from '@wa-gate/kit';
import type { WorkFile, WorkFolder } from '@wa-gate/media';
import {
  acceptHistoryChunk,
  claimHistoryChunk,
  type FinishedChunk,
  findWaitingHistory,
  finishHistoryChunk,
  type GapAnchor,
  type HistoryChunk,
  type HistoryNotice,
  keepHistorySlot,
  postponeHistoryChunk,
} from '@wa-gate/messaging';
import type { ContactFeed } from '../contacts/contact-feed.ts';
import { type Fact, factsOfContact, factsOfMessage, factsOfName } from '../contacts/facts.ts';
import { type ReadHistoryMessage, readHistoryMessage } from '../content/history.ts';
import type { OwnJids } from '../content/inbound.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import { DownloadDecryption } from '../media/download-decryption.ts';
import { requestFile } from '../media/download-request.ts';
import { mediaKeysOf } from '../media/media-cipher.ts';
import { proto } from '../whatsapp/baileys.ts';
import type { LearntOfHistory } from '../whatsapp/connection.ts';
import type { MediaAccess } from '../whatsapp/network.ts';
import type { Announce } from '../writers/announcer.ts';
import { HistoryUnreadableError, readChunk } from './chunk-reader.ts';
import type { HistoryWriter, ReadyMessage } from './history-writer.ts';

/** The connection of a session, as its history needs it. */
export interface HistoryLink {
  own: OwnJids;
  /** Stores numbers of LIDs and privacy tokens among the keys of the session. */
  learn(learnt: LearntOfHistory): Promise<void>;
}

export interface HistoryIntakeDependencies {
  pool: Pool;
  writeLock: KeyedLock;
  clock: Clock;
  logger: Logger;
  announce: Announce;
  onStale: (owner: Ownership) => void;
  /** The sessions that this worker hosts. */
  owners: () => readonly Ownership[];
  /** `null`: the session is not connected now. */
  linkOf: (owner: Ownership) => HistoryLink | null;
  contacts: Pick<ContactFeed, 'add' | 'flush'>;
  writer: HistoryWriter;
  workFolder: WorkFolder;
  /** How the session reaches the hosts of files. */
  access: (sessionId: string) => Promise<MediaAccess>;
  /** Whether this process holds its lease, by its own clock. */
  mayStart: () => boolean;
  /** A part was taken in, given up, or is to be taken in again. */
  onPart: (status: 'done' | 'failed' | 'postponed') => void;
  /** Compressed bytes of a part that is here. */
  onBytes: (count: number) => void;
  /** @default HISTORY_PACE */
  pace?: HistoryPace;
}

export interface HistoryPace {
  /** Sessions whose history is taken in at the same time, in the whole fleet and by one worker. */
  perFleet: number;
  perWorker: number;
  /** Messages that are stored by one statement. */
  batch: number;
  /** The share of the time of a batch for which others come first, before the next one. */
  restShare: number;
  /** Milliseconds between two looks for parts that wait. */
  pollMs: number;
  /** Milliseconds after which the place of a session in the fleet is free again, unless it is renewed with a batch. */
  slotMs: number;
  /** Milliseconds without a byte after which the media host counts as silent, and for a whole file. */
  silenceMs: number;
  fileMs: number;
  /** Bytes of the largest file, which is compressed. */
  maxBytes: number;
  /** Attempts after which a part is given up. */
  maxAttempts: number;
  retry: { initialMs: number; maxMs: number };
}

export const HISTORY_PACE: HistoryPace = {
  perFleet: 8,
  perWorker: 1,
  batch: 200,
  restShare: 1,
  pollMs: 2_000,
  slotMs: 120_000,
  silenceMs: 20_000,
  fileMs: 600_000,
  maxBytes: 512 * 1024 * 1024,
  maxAttempts: 8,
  retry: { initialMs: 2_000, maxMs: 600_000 },
};

/** The worker stops, or the session is no longer its own or not connected. */
class Interrupted extends Error {}

/** What of who is who is passed on at a time. */
const PEOPLE = 500;

type Counts = Pick<FinishedChunk, 'found' | 'chats' | 'refused' | 'chat' | 'hasMore' | 'oldest'>;

/**
 * Takes in the history that the phones of sessions send: chunk by chunk, each message by message. A chunk is a row
 * before its message is receipted, so that a worker that dies in the middle loses nothing: the next owner begins the
 * chunk again, and what is stored already is known. Its file is on disk while it is read, because its messages may be
 * stored only when all of it is verified.
 */
export class HistoryIntake {
  readonly #deps: HistoryIntakeDependencies;
  readonly #pace: HistoryPace;
  readonly #inHand = new Map<string, { owner: Ownership; abort: AbortController }>();
  #isClaiming = false;
  /** At the last look. */
  #waiting = 0;
  #isRunning = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: HistoryIntakeDependencies) {
    this.#deps = deps;
    this.#pace = deps.pace ?? HISTORY_PACE;
  }

  /** Sessions of this worker that take a part in, and that have one to take in and wait. */
  get counts(): { running: number; waiting: number } {
    return { running: this.#inHand.size, waiting: this.#waiting };
  }

  start(): void {
    this.#isRunning = true;
    this.#timer = setInterval(() => void this.#look(), this.#pace.pollMs).unref();
  }

  /** Gives up what is under way; the next owner takes it in. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    clearInterval(this.#timer);
    for (const { abort } of this.#inHand.values()) abort.abort(new Interrupted());
    while (this.#inHand.size > 0 || this.#isClaiming) await this.#deps.clock.sleep(10);
  }

  /**
   * Writes down a part that the phone has announced. WhatsApp has its receipt already; the journal keeps the message
   * until this is written (I5). A failure that lasts leaves it there, and the next connection replays it.
   */
  async accept(owner: Ownership, notice: HistoryNotice, journal: readonly Buffer[]): Promise<void> {
    const { pool, clock, logger, onStale } = this.#deps;
    for (let failures = 0; failures < 10; failures += 1) {
      try {
        await acceptHistoryChunk(pool, owner, { id: newId(), ...notice }, journal);
        void this.#look();
        return;
      } catch (error) {
        if (error instanceof StaleEpochError) return onStale(owner);
        logger.warn({ err: error, ...owner }, 'part of the history not written down, trying again');
        if (!isDatabaseUnavailable(error)) return;
        await clock.sleep(backoffDelay(failures, this.#pace.retry));
      }
    }
  }

  async #look(): Promise<void> {
    const { owners, pool, logger, mayStart, linkOf } = this.#deps;
    const mine = new Map(owners().map((owner) => [owner.sessionId, owner]));
    for (const { owner, abort } of this.#inHand.values())
      if (mine.get(owner.sessionId)?.epoch !== owner.epoch || !linkOf(owner)) abort.abort(new Interrupted());
    if (this.#isClaiming || !this.#isRunning || !mayStart()) return;
    this.#isClaiming = true;
    try {
      const idle = [...mine.keys()].filter((id) => !this.#inHand.has(id) && linkOf(mine.get(id)!));
      const waiting = idle.length === 0 ? [] : await findWaitingHistory(pool, idle);
      this.#waiting = waiting.length;
      // Sessions take turns: what is large does not keep the others from beginning.
      for (const sessionId of waiting.toSorted((one, other) => this.#turn(one) - this.#turn(other))) {
        if (this.#inHand.size >= this.#pace.perWorker) break;
        await this.#begin(mine.get(sessionId)!);
      }
    } catch (error) {
      // The next look finds them again.
      logger.debug({ err: error }, 'no history claimed');
    } finally {
      this.#isClaiming = false;
    }
  }

  readonly #turns = new Map<string, number>();
  readonly #turn = (sessionId: string): number => this.#turns.get(sessionId) ?? 0;

  async #begin(owner: Ownership): Promise<void> {
    const { perFleet, slotMs } = this.#pace;
    const chunk = await claimHistoryChunk(this.#deps.pool, owner, { sessions: perFleet, slotMs });
    if (!chunk) return;
    this.#turns.delete(owner.sessionId);
    this.#turns.set(owner.sessionId, this.#deps.clock.monotonic());
    if (this.#turns.size > 10_000) this.#turns.clear();
    const abort = new AbortController();
    this.#inHand.set(owner.sessionId, { owner, abort });
    this.#waiting = Math.max(0, this.#waiting - 1);
    void this.#run(chunk, abort.signal).finally(() => {
      this.#inHand.delete(owner.sessionId);
      void this.#look();
    });
  }

  async #run(chunk: HistoryChunk, signal: AbortSignal): Promise<void> {
    const { pool, logger, onStale } = this.#deps;
    const { sessionId, epoch, attempts } = chunk;
    const { slotMs } = this.#pace;
    // A file may take longer than a place in the fleet is kept without a word.
    const keeping = setInterval(
      () => void keepHistorySlot(pool, chunk, slotMs).catch(() => undefined),
      slotMs / 3,
    ).unref();
    try {
      if (attempts > this.#pace.maxAttempts) throw new HistoryUnreadableError(ENDS_WORKERS);
      await this.#finish(chunk, { state: 'done', ...(await this.#takeIn(chunk, signal)) });
    } catch (error) {
      if (error instanceof StaleEpochError) return onStale({ sessionId, epoch });
      try {
        const { maxAttempts, retry } = this.#pace;
        const isInterrupted = signal.aborted || error instanceof Interrupted;
        // A database that is away says nothing about the part. A batch that it never stores in time is the part's.
        const counts = !isInterrupted && (isTimedOut(error) || !isDatabaseUnavailable(error));
        logger[counts ? 'warn' : 'debug']({ err: error, sessionId, attempts }, 'history not taken in');
        if (counts && (error instanceof HistoryUnreadableError || attempts >= maxAttempts))
          return await this.#finish(chunk, { state: 'failed', ...NOTHING, error: sentenceOf(error) });
        this.#deps.onPart('postponed');
        const delayMs = isInterrupted ? 0 : backoffDelay(attempts - 1, retry);
        await postponeHistoryChunk(pool, chunk, { delayMs, counts });
      } catch (failure) {
        // The row waits, and its place in the fleet is free after a while.
        logger.warn({ err: failure, sessionId }, 'history not given back');
      }
    } finally {
      clearInterval(keeping);
    }
  }

  async #finish(chunk: HistoryChunk, end: Omit<FinishedChunk, keyof Ownership | 'id'>): Promise<void> {
    const { pool, writeLock, announce } = this.#deps;
    const { sessionId, epoch, id } = chunk;
    announce(await writeLock.run('', () => finishHistoryChunk(pool, { sessionId, epoch, id, ...end })));
    this.#deps.onPart(end.state);
  }

  async #takeIn(chunk: HistoryChunk, signal: AbortSignal): Promise<Counts> {
    const { workFolder, linkOf } = this.#deps;
    const link = linkOf(chunk);
    if (!link) throw new Interrupted();
    await using file = await workFolder.file('.history');
    if (!chunk.payload) await this.#fetch(chunk, file, signal);
    this.#deps.onBytes(chunk.payload?.length ?? (await stat(file.path)).size);
    const open = () => inflated(chunk.payload ? Readable.from([chunk.payload]) : createReadStream(file.path));
    const { names, ...counts } = await this.#learnPeople(chunk, link, open(), signal);
    const stored = await this.#storeMessages(chunk, link, open(), signal);
    // The list has names of many who are no contacts: those who have become some by now get theirs.
    if (names > 0) await this.#learnNames(chunk, link, open(), signal);
    return { ...stored, ...counts };
  }

  async #fetch({ sessionId, reference }: HistoryChunk, file: WorkFile, signal: AbortSignal): Promise<void> {
    if (!reference) throw new HistoryUnreadableError('The part names no file.');
    const { silenceMs, fileMs, maxBytes } = this.#pace;
    const either = AbortSignal.any([signal, AbortSignal.timeout(fileMs)]);
    const { mediaKey, fileSha256, fileLength } = reference;
    const decryption = new DownloadDecryption(mediaKeysOf(Buffer.from(mediaKey, 'base64'), 'history'), {
      size: fileLength,
      sha256: fileSha256 === undefined ? undefined : Buffer.from(fileSha256, 'base64'),
      maxBytes,
    });
    const body = await requestFile(
      await this.#deps.access(sessionId),
      { mediaType: 'history', ...reference } as Parameters<typeof requestFile>[1],
      { silenceMs, signal: either },
    );
    await pipeline(body, decryption, createWriteStream(file.path, { mode: 0o600 }), { signal: either });
  }

  /** Who is who comes first: a chat that is known by its number and by its LID is one. */
  async #learnPeople(
    chunk: HistoryChunk,
    link: HistoryLink,
    source: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<Pick<Counts, 'chats'> & { names: number }> {
    const { contacts } = this.#deps;
    const { sessionId, epoch } = chunk;
    const counts = { chats: 0, names: 0 };
    let learnt: LearntOfHistory = { pairs: [], tokens: [] };
    let facts: Fact[] = [];
    const pass = async () => {
      signal.throwIfAborted();
      await link.learn(learnt);
      contacts.add(facts.map((fact) => ({ sessionId, epoch, ...fact })));
      await contacts.flush(sessionId);
      learnt = { pairs: [], tokens: [] };
      facts = [];
    };
    const at = new Date();
    for await (const item of readChunk(source, { withMessages: false })) {
      if (item.is === 'mapping') learnt.pairs.push({ pn: item.pn, lid: item.lid });
      else if (item.is === 'name') counts.names += 1;
      else if (item.is === 'chat') {
        counts.chats += 1;
        const { chat } = item;
        if (chunk.kind === 'on_request') Object.assign(counts, whatWasAsked(chat));
        const [pn, lid] = namesOfChat(chat);
        if (pn && lid) learnt.pairs.push({ pn, lid });
        if (chat.tcToken?.length && chat.id)
          learnt.tokens.push({
            jid: chat.id,
            token: chat.tcToken,
            timestamp: Number(chat.tcTokenTimestamp ?? 0),
            senderTimestamp: chat.tcTokenSenderTimestamp == null ? undefined : Number(chat.tcTokenSenderTimestamp),
          });
        const name = chat.displayName || chat.name || undefined;
        facts.push(...factsOfContact({ id: chat.id ?? undefined, lid, phoneNumber: pn, name }, link.own, at));
      }
      if (learnt.pairs.length + facts.length >= PEOPLE) await pass();
    }
    await pass();
    return counts;
  }

  async #learnNames(
    { sessionId, epoch }: HistoryChunk,
    { own }: HistoryLink,
    source: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<void> {
    const { contacts } = this.#deps;
    const at = new Date();
    let facts: Fact[] = [];
    const pass = async () => {
      signal.throwIfAborted();
      contacts.add(facts.map((fact) => ({ sessionId, epoch, ...fact })));
      await contacts.flush(sessionId);
      facts = [];
    };
    for await (const item of readChunk(source, { withMessages: false })) {
      if (item.is === 'name') facts.push(...factsOfName(item.jid, item.name, own, at));
      if (facts.length >= PEOPLE) await pass();
    }
    await pass();
  }

  /** A message that PostgreSQL does not take keeps no other one back. */
  async #storeMessages(
    chunk: HistoryChunk,
    link: HistoryLink,
    source: AsyncIterable<Buffer>,
    signal: AbortSignal,
  ): Promise<Pick<Counts, 'found' | 'refused' | 'oldest'>> {
    const { contacts, writer, clock, logger } = this.#deps;
    const { batch: size, restShare, slotMs } = this.#pace;
    const { sessionId, epoch } = chunk;
    let found = 0;
    let oldest: GapAnchor | undefined;
    let refused = 0;
    let place = 0;
    let batch: ReadyMessage[] = [];
    const write = async (messages: readonly ReadyMessage[]): Promise<void> => {
      try {
        await writer.write({ sessionId, epoch, chunkId: chunk.id, messages, slotMs }, link.own);
      } catch (error) {
        if (!isDataRefused(error)) throw error;
        const middle = messages.length >> 1;
        if (middle > 0) {
          await write(messages.slice(0, middle));
          return await write(messages.slice(middle));
        }
        refused += 1;
        const { waMessageId } = messages[0]!.message;
        logger.error({ err: error, sessionId, waMessageId }, 'message of the history cannot be stored, left out');
      }
    };
    const store = async () => {
      signal.throwIfAborted();
      if (batch.length === 0) return;
      const since = clock.monotonic();
      await write(batch);
      const facts = batch.flatMap(({ message, received }) => factsOfMessage(received, link.own, message.waTimestamp));
      contacts.add(facts.map((fact) => ({ sessionId, epoch, ...fact })));
      await contacts.flush(sessionId);
      batch = [];
      await clock.sleep((clock.monotonic() - since) * restShare, signal);
    };
    for await (const item of readChunk(source, { withMessages: true })) {
      if (item.is !== 'message') continue;
      const read = readHistoryMessage(item.message, item.chatId, link.own);
      if (!read) continue;
      found += 1;
      if (chunk.kind === 'on_request') oldest = olderOf(oldest, read.message);
      place = (place + 1) % PLACES;
      // The newest message of a chat comes first: of two in the same second it is the later one.
      batch.push({ ...read, place: PLACES - 1 - place });
      if (batch.length >= size) await store();
    }
    await store();
    return { found, refused, oldest };
  }
}

/** The older of the two. */
function olderOf(before: GapAnchor | undefined, message: ReadHistoryMessage): GapAnchor {
  const { chatJid: chat, waMessageId: id, fromMe, fromJid, waTimestamp } = message;
  const at = Math.floor(waTimestamp.getTime() / 1_000);
  if (before && before.at <= at) return before;
  return { chat, id, fromMe, at, ...(chat.endsWith('@g.us') && !fromMe && { participant: fromJid }) };
}

const NOTHING: Counts = { found: 0, chats: 0, refused: 0 };
const ENDS_WORKERS = 'The worker has ended each time it took this part in.';

/** Ids of the same millisecond are told apart by so many places. */
const PLACES = 4_096;

const { EndOfHistoryTransferType: End } = proto.Conversation;

/** The chat that was asked for, and whether the phone has older messages of it, where it says so. */
const whatWasAsked = ({
  id,
  endOfHistoryTransferType: end,
}: proto.IConversation): Pick<FinishedChunk, 'chat' | 'hasMore'> => ({
  chat: id ?? undefined,
  hasMore: end == null ? undefined : end !== End.COMPLETE_AND_NO_MORE_MESSAGE_REMAIN_ON_PRIMARY,
});

/** The number and the LID of a chat with a person. */
function namesOfChat({
  id,
  pnJid,
  lidJid,
  accountLid,
}: proto.IConversation): [pn: string | undefined, lid: string | undefined] {
  const lid = id?.endsWith('@lid') ? id : (lidJid ?? accountLid ?? undefined);
  const pn = id?.endsWith('@s.whatsapp.net') ? id : (pnJid ?? undefined);
  return [pn || undefined, lid || undefined];
}

/** Larger than the default of zlib, so that there are fewer steps. */
const INFLATED_BYTES = 256 * 1024;

async function* inflated(source: Readable): AsyncGenerator<Buffer> {
  const inflate = createInflate({ chunkSize: INFLATED_BYTES });
  const done = pipeline(source, inflate).catch((error: unknown) => error);
  try {
    for await (const bytes of inflate) yield bytes as Buffer;
  } catch (cause) {
    throw new HistoryUnreadableError('The history cannot be inflated.', { cause });
  } finally {
    inflate.destroy();
    await done;
  }
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
