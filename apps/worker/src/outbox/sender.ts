import type { Ownership } from '@wa-gate/cluster';
import type { ChangeRequest, OutboundContext, OutboundRequest } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { type Clock, isTracing, type Logger, startSpan } from '@wa-gate/kit';
import {
  type AcceptedMessage,
  beginAttempt,
  findChangeTarget,
  findOutboxPayload,
  moveChat,
  type OutboxItem,
  type Outcome,
  storePayload,
} from '@wa-gate/messaging';
import type { ChatTimers } from '../chats/chat-timers.ts';
import { UnbuildableChangeError } from '../content/change-builders.ts';
import { withContext } from '../content/context.ts';
import {
  decodeMessage,
  encodeMessage,
  messageSecret,
  OUTBOUND_CONTENT,
  type OutboundContent,
} from '../content/outbound.ts';
import type { UploadedFile } from '../media/uploaded-file.ts';
import type { Uploads } from '../media/uploads.ts';
import { Acceptance } from '../whatsapp/acceptance.ts';
import type { proto } from '../whatsapp/baileys.ts';
import { SendRefusedError } from '../whatsapp/errors.ts';
import { isPublic } from '../whatsapp/jids.ts';
import { STATUS_JID } from '../whatsapp/status-parts.ts';
import { changeBytes, type SentRow } from './change-bytes.ts';
import type { ChangeWriter } from './change-writer.ts';
import type { ClaimedRows, GivenBack } from './claimed-rows.ts';
import { PACE } from './deadlines.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import { OutgoingFiles } from './outgoing-files.ts';
import { type Refusal, SEND_FAILED, SEND_UNCERTAIN } from './refusals.ts';
import { type Attempt, isUncertain, type Offer, type SendWindow } from './send-window.ts';

export interface SenderDependencies {
  pool: Pool;
  clock: Clock;
  logger: Logger;
  /** What the secrets inside messages are derived from; always the same one. */
  messageKey: Uint8Array;
  outcomes: OutcomeWriter;
  /** What became of changes. */
  changes: Pick<ChangeWriter, 'add' | 'onRecorded'>;
  /**
   * Whether this process holds its lease, by its own clock. Asked synchronously before each claim and directly before
   * each relay (I3).
   */
  mayStart: () => boolean;
  rows: ClaimedRows;
  timers: Pick<ChatTimers, 'secondsOf'>;
  uploads: Pick<Uploads, 'upload' | 'giveWay'>;
  /** Rows that have waited may go now. */
  onAnswered: (window: SendWindow) => void;
  /** A message is on the wire, or may be. */
  onLeft: (item: OutboxItem) => void;
  /** @default {@link OUTBOUND_CONTENT} */
  content?: OutboundContent;
}

/** This worker may not send now: nothing has left. */
class NotStartedError extends Error {
  override name = 'NotStartedError';
}

interface Prepared {
  message: proto.IMessage;
  attempt: Attempt;
}

/** Hands the claimed messages of a send window to its connection, and says what became of each. */
export class Sender {
  readonly #deps: SenderDependencies;
  readonly #content: OutboundContent;
  readonly #files: OutgoingFiles;
  /** Messages whose chat has shown that the account is typing. */
  readonly #typed = new WeakSet<OutboxItem>();

  constructor(deps: SenderDependencies) {
    this.#deps = deps;
    this.#content = deps.content ?? OUTBOUND_CONTENT;
    const { pool, logger, uploads } = deps;
    this.#files = new OutgoingFiles({ pool, logger, uploads, content: this.#content });
  }

  /** What was sent under this id, from the outbox, to answer a phone that could not read it. */
  async sentMessage({ sessionId }: Ownership, waMessageId: string): Promise<proto.IMessage | undefined> {
    const row = await findOutboxPayload(this.#deps.pool, sessionId, waMessageId);
    return row ? this.#remade(sessionId, { ...row, waMessageId }) : undefined;
  }

  /** Bytes that are not kept any more cannot always be made again. */
  #remade(sessionId: string, row: SentRow): proto.IMessage | undefined {
    const { payload, request } = row;
    if (payload) return decodeMessage(payload);
    if (request.type === 'change' || !this.#content.isReproducible(request)) return undefined;
    return this.#messageOf(sessionId, { ...row, request });
  }

  /**
   * Whether an offer of this message may be accepted here: a file is uploaded first, and nothing waits for that. A post
   * of a channel is not encrypted, and a status update goes out in parts: no ratchet step could accept them.
   */
  takesOffer({ chatJid, request }: Pick<AcceptedMessage, 'chatJid' | 'request'>): boolean {
    return !isPublic(chatJid) && this.#content.upload(request) === undefined;
  }

  /**
   * One after the other, so that the order holds. A message that waits for WhatsApp's answer about its chat, for the
   * upload of its file, or while its chat shows that the account is typing, is put aside with all that follows it into
   * the same chat.
   */
  async sendPending(window: SendWindow): Promise<void> {
    window.busy = true;
    for (let item = window.pending.shift(); item && window.open; item = window.pending.shift()) {
      if (this.#putAside(window, item)) continue;
      window.sending = item;
      await this.#send(window, item);
      window.sending = undefined;
    }
    window.busy = false;
  }

  #putAside(window: SendWindow, item: OutboxItem): boolean {
    const { waiting, connection } = window;
    const { chatJid } = item;
    const before = waiting.get(chatJid);
    const isReached = connection.reached(chatJid) === chatJid;
    const needsFile = this.#files.isMissing(window, item);
    const typing = this.#typed.has(item) ? undefined : typingOf(item);
    if (!before && isReached && !needsFile && !typing) return false;
    // Files of those that wait behind another message are uploaded meanwhile.
    if (needsFile) this.#files.begin(window, item);
    if (before) {
      before.push(item);
      return true;
    }
    waiting.set(chatJid, [item]);
    if (!isReached) void this.#ask(window, chatJid);
    else if (needsFile) void this.#awaitFile(window, item);
    else if (typing) void this.#type(window, item, typing);
    return true;
  }

  /**
   * Lets the first message of a chat go when its file is uploaded, and those behind it when it can never be. A text
   * goes without the picture of its preview then.
   */
  async #awaitFile(window: SendWindow, item: OutboxItem): Promise<void> {
    const { chatJid } = item;
    const items = window.waiting.get(chatJid) ?? [];
    const isWaiting = () => window.open && window.waiting.get(chatJid) === items;
    const after = await this.#files.settled(window, item, isWaiting);
    if (!after) return;
    window.waiting.delete(chatJid);
    if (after.next === 'pause') {
      this.#pause(window, { untouched: items });
      return;
    }
    const [, ...behind] = items;
    if (after.next === 'fail') this.#fail(window.owner, item, after.refusal);
    window.pending.unshift(...(after.next === 'send' ? [after.item] : []), ...behind);
    this.#deps.onAnswered(window);
  }

  /**
   * Shows in the chat that the account is typing, and lets the message go. Nothing of it has left by then: when the
   * connection or the worker ends meanwhile, it begins anew.
   */
  async #type(window: SendWindow, item: OutboxItem, { seconds, state }: Typing): Promise<void> {
    const { chatJid, waMessageId } = item;
    await window.connection
      .operate(({ sock }) => sock.sendPresenceUpdate(state, chatJid))
      .catch((error: unknown) => {
        this.#deps.logger.debug({ err: error, ...window.owner, waMessageId }, 'typing not shown');
      });
    await this.#deps.clock.sleep(seconds * 1_000);
    const items = window.waiting.get(chatJid);
    if (!window.open || items?.[0] !== item) return;
    window.waiting.delete(chatJid);
    this.#typed.add(item);
    window.pending.unshift(...items);
    this.#deps.onAnswered(window);
  }

  /** Finds out who has the number, and lets the messages that wait for it go, or fail. */
  async #ask(window: SendWindow, chatJid: string): Promise<void> {
    for (let attempt = 1; window.open && window.waiting.has(chatJid); attempt += 1) {
      try {
        const jid = await window.connection.reach(chatJid);
        const items = window.waiting.get(chatJid) ?? [];
        await this.#move(window, items, { from: chatJid, to: jid });
        if (!window.open || window.waiting.get(chatJid) !== items) return;
        window.waiting.delete(chatJid);
        window.pending.unshift(...items.map((item) => ({ ...item, chatJid: jid })));
        this.#deps.onAnswered(window);
        return;
      } catch (error) {
        if (!window.open || !window.waiting.has(chatJid)) return;
        const refusal = refusalOf(error);
        if (refusal || attempt >= PACE.maxAttempts) return this.#refuse(window, chatJid, refusal ?? SEND_FAILED);
        this.#deps.logger.warn({ err: error, ...window.owner, attempt }, 'recipient not found out, trying again');
        await this.#deps.clock.sleep(PACE.pauseAfterErrorMs);
      }
    }
  }

  /** Messages that come meanwhile join `items`, and are moved with them. */
  async #move(window: SendWindow, items: readonly OutboxItem[], chat: { from: string; to: string }): Promise<void> {
    if (chat.from === chat.to) return;
    for (let moved = 0; moved < items.length; ) {
      const part = items.slice(moved).map(({ messageId }) => messageId);
      if (!(await moveChat(this.#deps.pool, window.owner, part, chat))) throw notOwned();
      moved += part.length;
    }
  }

  #refuse(window: SendWindow, chatJid: string, refusal: Refusal): void {
    const items = window.waiting.get(chatJid) ?? [];
    window.waiting.delete(chatJid);
    for (const item of items) {
      window.files.delete(item.messageId);
      this.#fail(window.owner, item, refusal);
    }
  }

  async #send(window: SendWindow, item: OutboxItem): Promise<void> {
    const { request } = item;
    const prepared =
      request.type === 'change'
        ? await this.#prepareChange(window, item, request)
        : this.#prepare(window, { ...item, request });
    if (prepared) await this.#attempt(window, prepared);
  }

  /** What is made from the message that it changes, as that is now, and stored before it is sent. */
  async #prepareChange(window: SendWindow, item: OutboxItem, request: ChangeRequest): Promise<Prepared | null> {
    const { owner } = window;
    const { waMessageId } = item;
    try {
      const payload = item.payload ?? (await this.#changeBytes(window, item, request));
      if (window.open)
        return {
          message: decodeMessage(payload),
          attempt: newAttempt({ ...item, payload }, payload, this.#deps.clock),
        };
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) {
        this.#fail(owner, item, refusal);
        return null;
      }
      this.#deps.logger.warn({ err: error, ...owner, waMessageId }, 'change not prepared, trying again');
    }
    // While it was prepared it was in no list of the window.
    if (window.open) this.#pause(window, { untouched: [item] });
    else this.#deps.rows.giveBack(owner, { untouched: [item] });
    return null;
  }

  async #changeBytes(window: SendWindow, item: OutboxItem, request: ChangeRequest): Promise<Buffer> {
    const { pool, messageKey } = this.#deps;
    const { sessionId } = window.owner;
    const remade = (row: SentRow) => this.#remade(sessionId, row);
    const bytes = await changeBytes({ pool, messageKey, remade }, window, item, request);
    const stored = await storePayload(pool, window.owner, item.messageId, bytes);
    if (!stored) throw notOwned();
    return stored;
  }

  /** The rows go back, and the rest of the session waits with them, so that the order holds. */
  #pause(window: SendWindow, { attempted = [], untouched = [] }: GivenBack): void {
    window.pausedUntil = this.#deps.clock.monotonic() + PACE.pauseAfterErrorMs;
    const rest = window.pending.splice(0);
    this.#deps.rows.giveBack(window.owner, { attempted, untouched: [...untouched, ...rest] });
  }

  /** What will not be sent. */
  #fail(owner: Ownership, { waMessageId, changeOf }: Pick<OutboxItem, 'waMessageId' | 'changeOf'>, refusal: Refusal) {
    const outcome = { ...owner, waMessageId, at: new Date() };
    if (changeOf === null) this.#deps.outcomes.add([{ ...outcome, ...failure(refusal) }]);
    else this.#deps.changes.add(owner, [{ ...outcome, failure: failure(refusal) }]);
  }

  /**
   * Sends a message that a gateway has offered; the commit of its first ratchet step accepts it. What is not accepted
   * is declined.
   */
  async sendOffered(window: SendWindow, { message, decline }: Offer): Promise<void> {
    const { owner } = window;
    const { messageId, sessionId, waMessageId, request } = message;
    const chatJid = window.connection.reached(message.chatJid) ?? message.chatJid;
    const preparing = { messageId, isWithdrawn: false };
    window.preparing = preparing;
    let prepared: Prepared;
    try {
      const plain = this.#messageOf(sessionId, { waMessageId, request, payload: null });
      const { message: built, recipients } = await this.#inContext(window, message, plain);
      const payload = encodeMessage(built);
      const stored = this.#content.isReproducible(request) && built === plain ? null : payload;
      const acceptance = new Acceptance({ owner, message: { ...message, chatJid }, payload: stored });
      const trace = message.trace ?? null;
      const row = { messageId, sessionId, waMessageId, chatJid, request, payload: stored, trace };
      const item = { ...row, ...OFFERED, lane: message.lane ?? 'INTERACTIVE' };
      const attempt = { ...newAttempt(item, payload, this.#deps.clock), acceptance, recipients };
      prepared = { message: built, attempt };
    } catch (error) {
      this.#deps.logger.debug({ err: error, ...owner, waMessageId }, 'offered message cannot be built');
      return decline();
    } finally {
      window.preparing = undefined;
    }
    if (preparing.isWithdrawn) return decline();
    const { attempt } = prepared;
    this.#deps.rows.claimed(owner, [attempt.item]);
    await this.#attempt(window, prepared);
    if (attempt.acceptance?.state === 'accepted') return;
    attempt.span?.end();
    // A row that PostgreSQL has stored without an answer is found like that of a lost claim.
    this.#deps.rows.conclude(owner, waMessageId);
    decline();
  }

  /** As a span of the message's trace, which ends with the acknowledgement. */
  #attempt(window: SendWindow, prepared: Prepared): Promise<void> {
    if (!isTracing()) return this.#hand(window, prepared);
    const { attempt } = prepared;
    const { sessionId, messageId, attempts, trace } = attempt.item;
    const span = startSpan('send message', { kind: 'producer', parent: trace })!;
    if (span.isRecording) {
      span.set({
        'messaging.system': 'whatsapp',
        'messaging.message.id': messageId,
        'wag.session.id': sessionId,
        'wag.attempt': attempts,
        'wag.accepted_at': attempt.acceptance ? 'owner' : 'gateway',
      });
    }
    attempt.span = span;
    if (attempt.acceptance) attempt.acceptance.span = span;
    return span.run(() => this.#hand(window, prepared));
  }

  async #hand(window: SendWindow, { message, attempt }: Prepared): Promise<void> {
    const { item, acceptance } = attempt;
    const { waMessageId, chatJid } = item;
    // Registered before it is sent: the acknowledgement can arrive before `send` resolves.
    window.inFlight.set(waMessageId, attempt);
    window.current = attempt;
    if (!this.#files.fileOf(item)) this.#deps.uploads.giveWay();
    try {
      const stored = acceptance ? message : await this.#store(window, attempt, message);
      await window.connection.reach(chatJid);
      const audience = await this.#audienceOf(window, item);
      this.#startRelay(window, attempt);
      // Each part has the deadline of a relay, and needs the lease.
      const startPart = () => this.#startRelay(window, attempt);
      const outgoing = { chatJid, waMessageId, message: stored, ...(audience && { audience, startPart }) };
      await window.connection.send(acceptance ? { ...outgoing, acceptance } : outgoing);
      attempt.wireAt ??= new Date();
    } catch (error) {
      this.#sendFailed(window, attempt, error);
    } finally {
      window.current = undefined;
      if (attempt.relayedAt !== undefined) this.#deps.onLeft(item);
    }
  }

  /**
   * Those who see a status update, as they were fixed when it was accepted. Its deletion goes to the same people.
   *
   * @throws {SendRefusedError} of a status update that was not sent from here nobody knows the audience
   */
  async #audienceOf({ owner }: SendWindow, { request, chatJid, changeOf }: OutboxItem): Promise<string[] | undefined> {
    if (chatJid !== STATUS_JID) return undefined;
    const sent =
      request.type === 'change'
        ? (await findChangeTarget(this.#deps.pool, owner.sessionId, changeOf!))?.request
        : request;
    if (sent && sent.type !== 'change' && sent.context?.status) return sent.context.status.audience;
    throw new SendRefusedError(
      'CHANGE_NOT_POSSIBLE',
      'This status update was not sent from here: delete it on the phone.',
    );
  }

  /** What must be in the outbox before a claimed message leaves. Resolves with the message to send. */
  async #store(window: SendWindow, attempt: Attempt, plain: proto.IMessage): Promise<proto.IMessage> {
    const { messageId, failIfUncertain, payload } = attempt.item;
    const { message: inContext, recipients } = await this.#inContext(window, attempt.item, plain);
    attempt.recipients = recipients;
    const message = payload ? plain : inContext;
    if (failIfUncertain && !(await beginAttempt(this.#deps.pool, window.owner, messageId))) throw notOwned();
    return this.#settleBytes(window, attempt, message, message === plain);
  }

  /** The message with what it refers to and the timer of its chat (itself where it has neither), and who gets it. */
  async #inContext(
    { connection, owner }: SendWindow,
    { chatJid, request }: Pick<OutboxItem, 'chatJid' | 'request'>,
    message: proto.IMessage,
  ): Promise<{ message: proto.IMessage; recipients: number | undefined }> {
    const chat = await connection.chat(chatJid);
    const expiresInSeconds = chat.expiresInSeconds ?? (await this.#deps.timers.secondsOf(owner, chatJid));
    const inContext =
      request.type === 'change'
        ? message
        : withContext(message, request.context, chatJid, { ...chat, expiresInSeconds });
    const audience = request.type === 'change' ? undefined : request.context?.status?.audience;
    return { message: inContext, recipients: audience?.length ?? chat.recipients };
  }

  /** The message as every attempt sends it: bytes that could be made only once are stored first (I8). */
  async #settleBytes(
    { owner }: SendWindow,
    attempt: Attempt,
    message: proto.IMessage,
    isPlain: boolean,
  ): Promise<proto.IMessage> {
    const { messageId, payload, request } = attempt.item;
    if (payload || request.type === 'change' || (isPlain && this.#content.isReproducible(request))) return message;
    if (!isPlain) attempt.payload = encodeMessage(message);
    const stored = await storePayload(this.#deps.pool, owner, messageId, attempt.payload);
    if (!stored) throw notOwned();
    attempt.payload = stored;
    return decodeMessage(stored);
  }

  #prepare(window: SendWindow, item: OutboxItem & { request: OutboundRequest }): Prepared | null {
    const file = this.#files.take(window, item);
    try {
      const message = this.#messageOf(item.sessionId, item, file);
      return { message, attempt: newAttempt(item, item.payload ?? encodeMessage(message), this.#deps.clock) };
    } catch (error) {
      // It would fail in every attempt, and hold up all that come after it.
      const { waMessageId } = item;
      this.#deps.logger.error({ err: error, ...window.owner, waMessageId }, 'message cannot be built');
      this.#fail(window.owner, item, SEND_FAILED);
      return null;
    }
  }

  /**
   * The last moment in which it can be kept back: by now the connection may be over and the row given back, or the
   * lease lost. From here on it may leave.
   */
  #startRelay(window: SendWindow, attempt: Attempt): void {
    if (!window.open) throw new NotStartedError('The connection has ended.');
    if (!this.#deps.mayStart()) throw new NotStartedError('The lease of this worker is not held at present.');
    attempt.relayedAt = this.#deps.clock.monotonic();
  }

  #sendFailed(window: SendWindow, attempt: Attempt, error: unknown): void {
    const { item } = attempt;
    const { waMessageId, attempts } = item;
    // Closed meanwhile (given back then), or acknowledged in spite of the error.
    if (!window.open || window.inFlight.get(waMessageId) !== attempt) return;
    window.inFlight.delete(waMessageId);
    endSpan(attempt, error);
    if (attempt.acceptance && attempt.acceptance.state !== 'accepted') {
      this.#deps.logger.debug({ err: error, ...window.owner, waMessageId }, 'offered message not accepted');
      return;
    }
    if (error instanceof SendRefusedError) {
      this.conclude(window.owner, attempt, { code: error.code, sentence: error.message });
      return;
    }
    this.#deps.logger.warn({ err: error, ...window.owner, waMessageId, attempt: attempts }, 'message not sent');
    if (isUncertain(attempt)) {
      this.conclude(window.owner, attempt, SEND_UNCERTAIN);
      return;
    }
    // Parts of a status update may have left before one was kept back.
    const attempted = attempt.relayedAt !== undefined || !(error instanceof NotStartedError);
    if (attempted && attempts >= PACE.maxAttempts) {
      this.conclude(window.owner, attempt, SEND_FAILED);
      return;
    }
    this.#pause(window, attempted ? { attempted: [item] } : { untouched: [item] });
  }

  #messageOf(
    sessionId: string,
    row: { waMessageId: string; request: OutboundRequest; payload: Buffer | null },
    file?: UploadedFile,
  ): proto.IMessage {
    if (row.payload) return decodeMessage(row.payload);
    return this.#content.build(row.request, messageSecret(this.#deps.messageKey, sessionId, row.waMessageId), file);
  }

  /** Queues the outcome: sent, refused, or unknown. */
  conclude(owner: Ownership, attempt: Attempt, refusal: Refusal | null): void {
    const { item, wireAt, recipients, span } = attempt;
    const { waMessageId } = item;
    const outcome: Outcome = {
      ...owner,
      waMessageId,
      state: 'SENT',
      at: new Date(),
      ...(wireAt && { wireAt }),
      ...(recipients !== undefined && { recipients }),
    };
    const record = () => {
      this.#deps.logger.debug({ ...owner, waMessageId, refusal: refusal?.code }, 'message concluded');
      if (refusal) this.#fail(owner, item, refusal);
      else if (item.changeOf === null) this.#deps.outcomes.add([outcome]);
      else this.#deps.changes.add(owner, [{ ...owner, waMessageId, at: outcome.at }]);
    };
    // The write of the outcome is a part of the trace as well.
    if (span) span.run(record);
    else record();
    endSpan(attempt, refusal);
  }

  /** What the owner before has left without a word, and must not go out again. */
  giveUp(owner: Ownership, waMessageIds: readonly string[]): void {
    const at = new Date();
    if (waMessageIds.length > 0)
      this.#deps.outcomes.add(
        waMessageIds.map((waMessageId) => ({ ...owner, waMessageId, at, ...failure(SEND_UNCERTAIN) })),
      );
  }
}

/** @param why it did not succeed; nothing: it did */
export function endSpan({ span }: Attempt, why?: unknown): void {
  if (why) span?.fail(why);
  span?.end();
}

/** Whether it fails when uncertain is known once it is accepted. */
const OFFERED = { attempts: 1, failIfUncertain: false, changeOf: null } as const;

const newAttempt = (item: OutboxItem, payload: Buffer, clock: Clock): Attempt => ({
  item,
  payload,
  since: clock.monotonic(),
  relayedAt: undefined,
  wireAt: undefined,
});

function refusalOf(error: unknown): Refusal | null {
  if (error instanceof UnbuildableChangeError) return { code: 'CHANGE_NOT_POSSIBLE', sentence: error.message };
  return error instanceof SendRefusedError ? { code: error.code, sentence: error.message } : null;
}

type Typing = NonNullable<OutboundContext['typing']>;

const typingOf = ({ request }: OutboxItem): Typing | undefined =>
  request.type === 'change' ? undefined : request.context?.typing;

const notOwned = () => new NotStartedError('The session has another owner by now.');

const failure = ({ code, sentence }: Refusal) => ({
  state: code === SEND_UNCERTAIN.code ? ('UNKNOWN' as const) : ('FAILED' as const),
  errorCode: code,
  errorMessage: sentence,
});
