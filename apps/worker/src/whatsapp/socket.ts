import type { Agent as HttpsAgent } from 'node:https';
import type { GroupFacts, HistoryDepth, MessageCapping, ParticipantFact } from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import type {
  CallNews,
  ConnectionHistory,
  Restriction,
  SettingsCollection,
  SettingsPage,
  StoredLabel,
} from '@wa-gate/messaging';
import type { Dispatcher } from 'undici';
import { type Fact, factsOfContact, factsOfMapping, type ToldContact } from '../contacts/facts.ts';
import type { ChatFacts } from '../content/context.ts';
import { stanzaAttributesOf } from '../content/stanza.ts';
import { stanzaNodes } from '../content/stanza-nodes.ts';
import type { Route } from '../egress/routes.ts';
import { type Acceptance, sendWithAcceptance } from './acceptance.ts';
import { readCapping, readTimeLock } from './account-signals.ts';
import {
  type ReadElsewhere,
  type Receipt,
  readElsewhere,
  readReceipts,
  readServerAck,
  type ServerAck,
} from './acks.ts';
import type { AuthStore } from './auth-store.ts';
import {
  type BinaryNode,
  isJidGroup,
  isJidStatusBroadcast,
  isLidUser,
  isPnUser,
  jidDecode,
  jidNormalizedUser,
  makeWASocket,
  proto,
  S_WHATSAPP_NET,
  type WASocket,
} from './baileys.ts';
import type { SocketCaches } from './baileys-caches.ts';
import { createBaileysLogger } from './baileys-logger.ts';
import { callerNumberOf, readCallNews } from './call-news.ts';
import { readChannelNews } from './channel-news.ts';
import { filePost, withoutSecret } from './channel-posts.ts';
import { askSpellings } from './contact-query.ts';
import { takeDirtyGroups } from './dirty-groups.ts';
import { type EngineEvent, tapEngine } from './engine-events.ts';
import {
  ConnectionEndedError,
  type DisconnectCause,
  groupNotAccessible,
  readDisconnectCause,
  recipientNotOnWhatsApp,
  SendRefusedError,
  whatsAppCodeOf,
} from './errors.ts';
import { metadataOf } from './group-metadata.ts';
import { type GroupNotice, readGroupNotices } from './group-notices.ts';
import { type OlderMessages, requestHistory } from './history-request.ts';
import { type Identity, readIdentity } from './identity.ts';
import { takeMessagesInOrder } from './in-order.ts';
import { type ArrivalHandlers, listenForArrivals } from './inbound-listener.ts';
import { InboundJournal } from './journal.ts';
import { prepareKeyPairs } from './key-pairs.ts';
import { type MediaConnection, readMediaConnection } from './media-connection.ts';
import { withMediaHint } from './media-hint.ts';
import { type LostFile, type MediaRetryAnswer, mediaRetryReceipt, readMediaRetryAnswer } from './media-retry.ts';
import { rejectCall } from './operations/calls.ts';
import { askFacts } from './operations/groups.ts';
import type { OperationSocket } from './operations/operation-socket.ts';
import { presenceName } from './operations/presence.ts';
import { type PasskeyStep, readPasskeyStep } from './passkey.ts';
import { readPersonNews, type ToldNews } from './person-news.ts';
import { type PresenceUpdate, readPresence, toldOf } from './presence-book.ts';
import { learnTokens, noteTokenIssued, type ToldToken } from './privacy-tokens.ts';
import { SharedSettings } from './shared-settings/shared-settings.ts';
import { createSignalRepository } from './signal-repository.ts';
import { partsOf, StatusParts } from './status-parts.ts';
import { storeFirst } from './stored-first.ts';

export interface ConnectionHandlers extends ArrivalHandlers {
  /** Anything at all has come behind the handshake. Called for every frame. */
  frame(): void;
  qr(qr: string): void;
  /** Linking waits for a passkey. */
  passkey(step: PasskeyStep): void;
  /** The phone has linked this device; WhatsApp will ask for a restart of the connection. */
  paired(): void;
  open(identity: Identity): void;
  /** Called once; nothing follows. */
  closed(cause: DisconnectCause): void;
  acknowledged(ack: ServerAck): void;
  receipts(receipts: Receipt[]): void;
  /** What WhatsApp tells about people, apart from messages. */
  told(facts: Fact[]): void;
  /** What is known of a group; `undefined`: WhatsApp is to be asked. `isFresh`: it can be used to send. */
  knownGroup(jid: string): Promise<{ facts: GroupFacts; isFresh: boolean } | undefined>;
  /** WhatsApp has described groups. Resolves when that is stored. `isAll`: they are all groups of the account. */
  groupsDescribed(groups: readonly GroupFacts[], isAll: boolean): Promise<void>;
  /** WhatsApp says that the account is not in the group. */
  groupGone(jid: string): Promise<void>;
  /**
   * WhatsApp says that groups have changed, and not which. Resolves when that is stored; WhatsApp gets its confirmation
   * then.
   */
  groupsDoubted(): Promise<void>;
  /** Resolves when it is stored; WhatsApp gets its confirmation then. */
  groupNoticed(notice: GroupNotice, identity: Identity): Promise<void>;
  /** Somebody is written to for the first time. Resolves when that is stored. */
  met(fact: Fact): Promise<void>;
  /** WhatsApp lets the account begin new chats (`null`), or not. */
  restricted(restriction: Restriction | null): void;
  capped(capping: MessageCapping): void;
  /** Somebody has come, gone or is typing. */
  presence(told: PresenceUpdate): void;
  /** Whether somebody wants what Baileys emits. Asked before each of its flushes is read. */
  wantsEngineEvents(): boolean;
  engineEvent(event: EngineEvent): void;
  /**
   * A call rings, or something has become of it. Resolves when it is stored; WhatsApp gets its confirmation then.
   * `reject`: rejects it; absent where it is told by an operation.
   */
  called(news: CallNews, reject?: (callId: string, callerJid: string) => Promise<void>): Promise<void>;
  /** Something has happened to a person. Resolves when it is stored; WhatsApp gets its confirmation then. */
  noticed(event: ToldNews): Promise<void>;
  /** Whether senders may learn what the session marks as read, as its settings say. */
  tellsReading(): boolean;
  /** Whether the status updates of others are read. Asked for each stanza of the status. */
  takesStatusUpdates(): boolean;
  /** The phone answers a question for a file; see {@link Connection.askForFile}. */
  fileAnswered(answer: MediaRetryAnswer): void;
  /** Another device of the account has read messages of a chat. */
  readElsewhere(read: ReadElsewhere): void;
  /** Up to which version the collections of shared settings of an account were read. */
  settingsProgress(account: string): Promise<ReadonlyMap<SettingsCollection, number>>;
  /** Shared settings were read. Resolves when they are stored. */
  settingsRead(page: SettingsPage): Promise<void>;
  /** The labels of the account as they are stored. */
  settingsLabels(): Promise<StoredLabel[]>;
  /** The bytes of a message sent earlier, to answer a phone that could not read it. */
  sentMessage(waMessageId: string): Promise<proto.IMessage | undefined>;
}

/** What the history says for the keys of the session. */
export interface LearntOfHistory {
  pairs: { pn: string; lid: string }[];
  tokens: ToldToken[];
}

export interface OutgoingMessage {
  chatJid: string;
  waMessageId: string;
  message: proto.IMessage;
  /** Of a status update: the jids of those who see it. */
  audience?: readonly string[] | undefined;
  /** Of a status update: called directly before each of its parts. What it throws keeps back the rest. */
  startPart?: (() => void) | undefined;
  /** Of a message that is not in the outbox yet: the commit of its first ratchet step accepts it. */
  acceptance?: Acceptance;
}

/** One connection to WhatsApp. After `closed` it is of no use. */
export interface Connection {
  /**
   * How the chat names people. Of a group also its timer and the number of its members; this asks WhatsApp for a
   * group that is not known yet.
   *
   * @throws {SendRefusedError} nothing can ever be sent there; any other error: not now
   */
  chat(chatJid: string): Promise<Omit<ChatFacts, 'expiresInSeconds'> & Partial<ChatFacts>>;
  /**
   * Makes sure that the chat has devices to send to; call it before `send`. The first call for a person asks
   * WhatsApp, and that may take seconds.
   *
   * @returns the name of the chat: another spelling of the number, where WhatsApp knows it by that one
   * @throws {SendRefusedError} nothing can ever be sent there; any other error: not now
   */
  reach(chatJid: string): Promise<string>;
  /** The name of a chat that {@link reach} would return without asking WhatsApp; `undefined`: it would ask. */
  reached(chatJid: string): string | undefined;
  /**
   * Hands a message to the server. Resolves when it is on its way; what the server says comes by `acknowledged`,
   * sometimes first.
   *
   * @throws {SendRefusedError} it can never be sent; any other error: not now
   */
  send(message: OutgoingMessage): Promise<void>;
  /**
   * Asks where files are uploaded to.
   *
   * @throws when WhatsApp does not answer
   */
  mediaConnection(): Promise<MediaConnection>;
  /** The dispatcher for requests to media hosts; `undefined`: that of the process. */
  readonly mediaDispatcher: Dispatcher | undefined;
  requestPairingCode(digits: string): Promise<string>;
  /** The cheapest query there is. Resolves with its answer; rejects when none comes in time. */
  ping(): Promise<void>;
  /**
   * Asks whether the account may begin new chats; the answer comes by `restricted`. After a message was refused with
   * 463 this tells a time-lock from a chat that merely wants a token. (rc14 means to ask by itself then, and never
   * comes to it: the same code is caught by a branch before.)
   */
  askTimeLock(): Promise<void>;
  /** Asks the account's phone to upload a file again. The answer comes by `fileAnswered`, if one comes. */
  askForFile(file: LostFile): Promise<void>;
  /** Asks the account's phone for older messages of a chat. The answer comes by `history`, if one comes. */
  askForHistory(request: OlderMessages): Promise<void>;
  /** Stores numbers of LIDs and newer privacy tokens. */
  learn(learnt: LearntOfHistory): Promise<void>;
  /** Runs an operation on the connection. @throws whatever it throws */
  operate<T>(run: (wa: OperationSocket) => Promise<T>): Promise<T>;
  /** Unlinks this device at the server and closes. */
  logout(): Promise<void>;
  /** Closes in order and without logging out. */
  close(): Promise<void>;
  /** Cuts the line synchronously: after this call nothing more is sent. `closed` follows. */
  terminate(): void;
}

export interface ConnectOptions {
  sessionId: string;
  route: Pick<Route, 'endpoint' | 'version' | 'device'>;
  store: AuthStore;
  caches: SocketCaches;
  logger: Logger;
  handlers: ConnectionHandlers;
  /** @default none */
  history?: ConnectionHistory;
  /** Tests look over the socket's shoulder. @default Baileys' own */
  makeSocket?: typeof makeWASocket;
}

type StatusMessage = Pick<OutgoingMessage, 'chatJid' | 'waMessageId' | 'message' | 'startPart'> & {
  audience: readonly string[];
};

/** Those that WhatsApp knows in the name of a device that asks for a pairing code. */
const OPERATING_SYSTEMS: readonly string[] = ['Mac OS', 'Windows', 'Ubuntu', 'Linux'];
const QUERY_TIMEOUT_MS = 20_000;
const PING_TIMEOUT_MS = 10_000;
/** The longest that a timer can be set for. */
const NEVER_MS = 2 ** 31 - 1;
const CLOSE_TIMEOUT_MS = 1_000;
/** Milliseconds for which no group is asked for after WhatsApp has said that it is asked too often. */
const GROUP_PAUSE_MS = 60_000;

const NO_HISTORY: ConnectionHistory = { asks: 'none', takes: 'none' };

/**
 * What Baileys reads of the history, at once and as a whole, in memory. Where nothing is taken in, it is the part that
 * brings the first mappings of numbers to LIDs. Else it is nothing: the history intake reads that part, too.
 */
const readByBaileys =
  (takes: HistoryDepth) =>
  ({ syncType }: proto.Message.IHistorySyncNotification): boolean =>
    takes === 'none' && syncType === proto.HistorySync.HistorySyncType.INITIAL_BOOTSTRAP;

/** Opens a socket. Returns at once; the handlers get every event. */
export function connect(options: ConnectOptions): Connection {
  const { sessionId, route, store, caches, logger, handlers, makeSocket = makeWASocket } = options;
  const { endpoint, version, device } = route;
  const { asks, takes } = options.history ?? NO_HISTORY;
  const { creds, keys } = store.state;
  if (creds.account === undefined) prepareKeyPairs();
  const groupQueries = new Map<string, Promise<GroupFacts>>();
  let groupsPausedUntil = 0;
  /** WhatsApp has said that the account is not in them: their receipts ask no further. */
  const groupsLeft = new Set<string>();
  const journal = new InboundJournal(store.journal);
  const baileysLogger = createBaileysLogger(logger, sessionId);
  const { answeredNames: _, presences, ...baileysCaches } = caches;

  // Baileys keeps this list, and reads it again for a pairing code. Phones give their whole history only to what says
  // that it is a desktop program.
  const browser: [string, string, string] = [device.name, asks === 'full' ? 'Desktop' : device.browser, ''];

  const sock: WASocket = makeSocket({
    auth: { creds, keys },
    version,
    browser,
    waWebSocketUrl: endpoint.wsUrl,
    // Baileys types the agents of Node's https alone.
    ...(endpoint.agent ? { agent: endpoint.agent as HttpsAgent, fetchAgent: endpoint.agent as HttpsAgent } : {}),
    ...(endpoint.dispatcher ? { options: { dispatcher: endpoint.dispatcher } as unknown as RequestInit } : {}),
    logger: baileysLogger,
    // 0: Baileys would start a timer and record two stack traces for every frame that it sends. The actor watches
    // over the connecting.
    connectTimeoutMs: 0,
    defaultQueryTimeoutMs: QUERY_TIMEOUT_MS,
    // The sweep over all connections asks and judges, see liveness.ts.
    keepAliveIntervalMs: NEVER_MS,
    makeSignalRepository: createSignalRepository(journal, (pair) =>
      handlers.told(factsOfMapping(pair, identity(), new Date())),
    ),
    transactionOpts: { maxCommitRetries: 1, delayBetweenTriesMs: 0 },
    ...baileysCaches,
    // Keeps a timer per message. Retry receipts are answered from the outbox instead, also after a restart.
    enableRecentMessageCache: false,
    emitOwnEvents: false,
    syncFullHistory: asks === 'full',
    shouldSyncHistoryMessage: readByBaileys(takes),
    shouldIgnoreJid: (jid) => Boolean(isJidStatusBroadcast(jid)) && !handlers.takesStatusUpdates(),
    // "Available" would keep the account's phone from ringing. See `reportActiveReceipts`.
    markOnlineOnConnect: false,
    getMessage: async ({ id }) => {
      const sent = id ? await handlers.sentMessage(id) : undefined;
      return sent && withMediaHint(sent);
    },
    cachedGroupMetadata: async (jid) => (isJidGroup(jid) ? metadataOf(await readGroup(jid)) : undefined),
  });

  function end(cause: DisconnectCause): void {
    if (closed) return;
    closed = true;
    settings.close();
    stopWaiting();
    handlers.closed(cause);
  }

  /**
   * As it is known here, else as WhatsApp says now. What is no longer fresh is better than nothing: WhatsApp drops what
   * goes to people who have left, and asks for what others lack.
   */
  async function readGroup(jid: string): Promise<GroupFacts> {
    const known = await handlers.knownGroup(jid);
    if (known?.isFresh) return known.facts;
    if (known && performance.now() < groupsPausedUntil) return known.facts;
    try {
      return await askGroupOnce(jid);
    } catch (error) {
      if (!known || error instanceof SendRefusedError) throw error;
      logger.debug({ err: error, sessionId }, 'group not read again, taken as it was');
      return known.facts;
    }
  }

  /** Concurrent calls for one group share one query. */
  async function askGroupOnce(jid: string): Promise<GroupFacts> {
    const asked = groupQueries.get(jid) ?? askForGroup(jid).finally(() => groupQueries.delete(jid));
    groupQueries.set(jid, asked);
    return await asked;
  }

  async function askForGroup(jid: string): Promise<GroupFacts> {
    if (performance.now() < groupsPausedUntil) throw new Error('WhatsApp was asked for groups too often.');
    try {
      const facts = await askFacts(sock, jid);
      groupsLeft.delete(jid);
      await handlers.groupsDescribed([facts], false);
      return facts;
    } catch (error) {
      if (whatsAppCodeOf(error) === 429) groupsPausedUntil = performance.now() + GROUP_PAUSE_MS;
      if (!isRefusal(error)) throw error;
      groupsLeft.add(jid);
      await handlers.groupGone(jid);
      throw groupNotAccessible(error);
    }
  }

  const isOwn = ({ jid, altJid }: ParticipantFact): boolean => ownJids().some((own) => own === jid || own === altJid);

  /** Participants of a group beside the account. */
  const recipientsIn = ({ participants }: GroupFacts): number =>
    participants.filter((participant) => !isOwn(participant)).length;

  const isAdminOf = ({ participants }: GroupFacts): boolean =>
    participants.some((participant) => participant.role !== 'member' && isOwn(participant));

  /** Receipts of a group come with the number of its members; without it where WhatsApp does not tell. */
  async function reportReceipts(chatJid: string, receipts: Receipt[]): Promise<void> {
    if (!isJidGroup(chatJid)) return handlers.receipts(receipts);
    const group = groupsLeft.has(chatJid) ? undefined : await readGroup(chatJid).catch(() => undefined);
    const recipients = group && recipientsIn(group);
    handlers.receipts(recipients === undefined ? receipts : receipts.map((receipt) => ({ ...receipt, recipients })));
  }

  const identity = () => readIdentity(creds.me);

  /**
   * A client that is not "available" marks its receipts `inactive`, and senders never see a second tick. This tells
   * Baileys, and not the server, that we are online: receipts are plain, the presence stays unavailable and the phone
   * keeps ringing. (whatsmeow offers the same as "force active delivery receipts".)
   */
  const reportActiveReceipts = () => sock.ev.emit('connection.update', { isOnline: true });

  takeMessagesInOrder(sock);
  let closed = false;
  const parts = new StatusParts();
  /** Ends the wait of each operation. */
  const operating = new Set<() => void>();
  const stopWaiting = () => {
    parts.close();
    for (const endWait of operating) endWait();
  };
  const isCurrent = () => !closed;
  storeFirst(sock, 'CB:notification', {
    isCurrent,
    store: (node) => [
      ...readGroupNotices(node).map((notice) => {
        groupsLeft.delete(notice.jid);
        return handlers.groupNoticed(notice, identity());
      }),
      ...[...readPersonNews(node), ...readChannelNews(node)].map((news) => handlers.noticed(news)),
    ],
  });
  storeFirst(sock, 'CB:call', {
    isCurrent,
    store(node) {
      const news = readCallNews(node);
      if (!news) return [];
      const number = callerNumberOf(node);
      if (number !== undefined && isLidUser(news.callerJid)) {
        handlers.told(factsOfMapping({ pn: number, lid: news.callerJid }, identity(), news.at));
      }
      return [handlers.called(news, (callId, callerJid) => rejectCall(sock, callId, callerJid))];
    },
  });
  const settings = new SharedSettings({
    sock,
    account: () => identity().phoneNumber,
    options: (endpoint.dispatcher ? { dispatcher: endpoint.dispatcher } : {}) as RequestInit,
    logger,
    baileysLogger,
    isClosed: () => closed,
    progress: (account) => handlers.settingsProgress(account),
    store: (page) => handlers.settingsRead(page),
    labels: () => handlers.settingsLabels(),
  });
  const arrivals = listenForArrivals({
    sock,
    store,
    journal,
    logger: baileysLogger,
    isCurrent,
    takesHistory: takes,
    handlers,
  });
  sock.ev.on('connection.update', (update) => {
    if (update.qr) handlers.qr(update.qr);
    if (update.isNewLogin) handlers.paired();
    if (update.reachoutTimeLock) handlers.restricted(readTimeLock(update.reachoutTimeLock, Date.now()));
    if (update.connection === 'open') {
      reportActiveReceipts();
      void arrivals.replay();
      for (const jid of presences.watchedJids()) void sock.presenceSubscribe(jid).catch(() => undefined);
      handlers.open(identity());
      settings.opened();
    }
    if (update.connection === 'close') end(readDisconnectCause(update.lastDisconnect?.error));
  });
  // An HTTP answer in place of the WebSocket. Baileys listens for it, which keeps `ws` from making an error of it,
  // and then does nothing.
  sock.ws.on('unexpected-response', (_request: unknown, { statusCode }: { statusCode?: number }) => {
    end({ status: statusCode ?? 0, http: true });
    terminate();
  });
  sock.ev.on('creds.update', ({ myAppStateKeyId }) => {
    store.saveCreds();
    if (myAppStateKeyId !== undefined) settings.opened();
  });
  tapEngine(sock, {
    isWanted: () => isCurrent() && handlers.wantsEngineEvents(),
    tell: (event) => handlers.engineEvent(event),
  });
  sock.ev.on('contacts.upsert', (contacts) => tellContacts(contacts));
  sock.ev.on('contacts.update', (contacts) => tellContacts(contacts));
  sock.ev.on('messaging-history.set', ({ contacts }) => tellContacts(contacts));
  sock.ev.on('message-capping.update', (info) => handlers.capped(readCapping(info)));
  // The handshake's frames are bytes, not nodes.
  sock.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
    if (!(frame instanceof Uint8Array)) handlers.frame();
  });
  sock.ws.on('CB:notification', (node: BinaryNode) => {
    const step = readPasskeyStep(node);
    if (step) handlers.passkey(step);
    const answer = readMediaRetryAnswer(node);
    if (answer) handlers.fileAnswered(answer);
    if (node.attrs.type === 'server_sync') settings.notified(node);
  });
  takeDirtyGroups(sock, {
    isCurrent,
    async doubt() {
      groupsLeft.clear();
      await handlers.groupsDoubted();
    },
    onFailure: (err) => logger.warn({ err, sessionId }, 'changed groups not taken note of, WhatsApp will say it again'),
  });
  const tellPresence = async (node: BinaryNode): Promise<void> => {
    const told = readPresence(node, new Date());
    if (!told) return;
    const { chat, from, ...presence } = told;
    const name = await presenceName(sock, from);
    if (!presences.isWatched(name)) return;
    if (chat === from) presences.tell(name, presence);
    const fromAlt = name === from ? await sock.signalRepository.lidMapping.getPNForLID(from) : name;
    handlers.presence(toldOf(told, fromAlt && jidNormalizedUser(fromAlt)));
  };
  for (const tag of ['presence', 'chatstate']) {
    sock.ws.on(`CB:${tag}`, (node: BinaryNode) => void tellPresence(node).catch(() => undefined));
  }
  sock.ws.on('CB:receipt', (node: BinaryNode) => {
    const receipts = readReceipts(node, ownJids(), new Date());
    if (receipts.length > 0) void reportReceipts(node.attrs.from ?? '', receipts);
    const read = readElsewhere(node, ownJids());
    if (read) handlers.readElsewhere(read);
  });
  sock.ws.on('CB:ack,class:message', (node) => {
    const ack = readServerAck(node);
    const outcome = ack && parts.read(ack);
    if (!outcome) return;
    if (outcome.recipients !== undefined)
      logger.warn({ sessionId, ...outcome, refused: ack.error }, 'a part of a status update was refused');
    handlers.acknowledged(outcome);
  });
  reportActiveReceipts();

  const ownJids = () => [creds.me?.id, creds.me?.lid].flatMap((jid) => (jid ? [jidNormalizedUser(jid)] : []));
  function tellContacts(contacts: ToldContact[]): void {
    const at = new Date();
    const own = identity();
    const facts = contacts.flatMap((contact) => factsOfContact(contact, own, at));
    if (facts.length > 0) handlers.told(facts);
  }

  const hasKnownDevices = (jid: string): boolean => {
    const user = jidDecode(jid)?.user;
    return user !== undefined && caches.userDevicesCache.get(user) !== undefined;
  };

  function reached(chatJid: string): string | undefined {
    if (!isOfPerson(chatJid)) return chatJid;
    const name = caches.answeredNames.get(chatJid) ?? chatJid;
    return hasKnownDevices(name) ? name : undefined;
  }

  /** Asks for the devices of a person, in one query. */
  async function findDevices(jid: string): Promise<boolean> {
    const user = jidDecode(jid)?.user;
    const own = isLidUser(jid) && creds.me?.lid ? creds.me.lid : (creds.me?.id ?? '');
    const devices = await sock.getUSyncDevices([jidNormalizedUser(own), jid], true, false);
    return devices.some((device) => device.user === user);
  }

  /**
   * Makes sure that the chat has devices to send to, in one query for a contact that is not known yet. To a number
   * without an account Baileys would send the copy for the own phone alone, and the server would accept it.
   */
  async function findPerson(chatJid: string): Promise<string> {
    const asked = caches.answeredNames.get(chatJid) ?? chatJid;
    if (await findDevices(asked)) return asked;
    // No devices: no such account, no answer, or an account under another spelling. A second query tells them apart.
    const answer = isPnUser(asked) ? await askSpellings(sock, jidDecode(asked)!.user) : null;
    if (!answer?.jid) throw recipientNotOnWhatsApp();
    const isFound = answer.jid !== asked && (await findDevices(answer.jid));
    if (!isFound) throw new Error('WhatsApp did not name the devices of the recipient.');
    caches.answeredNames.set(chatJid, answer.jid);
    return answer.jid;
  }

  async function meet(chatJid: string): Promise<string> {
    const jid = await findPerson(chatJid);
    const lid = isPnUser(jid) ? await lidOf(jid) : jid;
    const spellings = jid === chatJid ? {} : { spellings: [chatJid] };
    await handlers.met({
      jid,
      ...(lid === jid ? {} : { altJid: jidNormalizedUser(lid) }),
      ...spellings,
      at: new Date(),
    });
    return jid;
  }

  /** The questions that have no answer yet, by chat. */
  const meeting = new Map<string, Promise<string>>();
  function meetOnce(chatJid: string): Promise<string> {
    const before = meeting.get(chatJid);
    if (before) return before;
    const answer = meet(chatJid).finally(() => meeting.delete(chatJid));
    meeting.set(chatJid, answer);
    return answer;
  }

  async function lidOf(jid: string): Promise<string> {
    return isLidUser(jid) ? jid : ((await sock.signalRepository.lidMapping.getLIDForPN(jid)) ?? jid);
  }

  /**
   * Sends a status update in parts, each to some of its audience and under the same id. A phone that gets it twice
   * shows it once. The first part has the own devices too.
   */
  async function sendStatus({ chatJid, waMessageId, message, audience, startPart }: StatusMessage): Promise<void> {
    const own = jidNormalizedUser(creds.me?.id);
    const lists = partsOf([own, ...audience.filter((jid) => !ownJids().includes(jid))]);
    const additional = { additionalAttributes: stanzaAttributesOf(message) };
    await parts.send(waMessageId, lists, async (statusJidList) => {
      startPart?.();
      await sock.relayMessage(chatJid, withMediaHint(message), {
        messageId: waMessageId,
        statusJidList,
        ...additional,
      });
    });
  }

  function terminate(): void {
    (sock.ws as unknown as { socket: { terminate(): void } | null }).socket?.terminate();
  }

  const operationSocket: OperationSocket = {
    sock,
    reportActiveReceipts,
    presences,
    settings,
    storeGroups: (groups, isAll) => handlers.groupsDescribed(groups, isAll),
    tellCall: (news) => handlers.called(news),
    tellPerson: (event) => handlers.noticed(event),
    tellsReading: () => handlers.tellsReading(),
  };

  /** The account itself, by its LID where the addressing is that of LIDs. */
  const ownName = (isLid: boolean): string => jidNormalizedUser((isLid && creds.me?.lid) || creds.me?.id);

  return {
    async chat(chatJid) {
      if (isPublic(chatJid)) return { own: ownName(false), nameOf: (jid) => jid, expiresInSeconds: 0 };
      if (!isJidGroup(chatJid)) return { own: ownName(isLidUser(chatJid) ?? false), nameOf: (jid) => jid };
      const group = await readGroup(chatJid);
      const { addressing, disappearingSeconds, participants } = group;
      const nameOf = (name: string) =>
        participants.find(({ jid, altJid }) => jid === name || altJid === name)?.jid ?? name;
      const recipients = recipientsIn(group);
      return {
        own: ownName(addressing === 'lid'),
        nameOf,
        expiresInSeconds: disappearingSeconds,
        recipients,
        isAdmin: isAdminOf(group),
      };
    },
    reached,
    reach: async (chatJid) => reached(chatJid) ?? (await meetOnce(chatJid)),
    async send({ chatJid, waMessageId, message, audience, startPart, acceptance }) {
      if (audience) return await sendStatus({ chatJid, waMessageId, message, audience, startPart });
      const post = isChannel(chatJid) ? filePost(chatJid, waMessageId, message) : null;
      if (post) return await sock.sendNode(post);
      const additional = {
        additionalAttributes: stanzaAttributesOf(message),
        additionalNodes: stanzaNodes(message),
      };
      // A post of a channel is not encrypted, and the secret of a message is for those who can read it.
      const sent = isChannel(chatJid) ? withoutSecret(message) : withMediaHint(message);
      const relay = () => sock.relayMessage(chatJid, sent, { messageId: waMessageId, ...additional });
      await (acceptance ? sendWithAcceptance(acceptance, relay) : relay());
      if (isOfPerson(chatJid)) await noteTokenIssued(store, await lidOf(chatJid), Date.now());
    },
    async mediaConnection() {
      const content = [{ tag: 'media_conn', attrs: {} }];
      return readMediaConnection(
        await sock.query({ tag: 'iq', attrs: { to: S_WHATSAPP_NET, type: 'set', xmlns: 'w:m' }, content }),
      );
    },
    mediaDispatcher: endpoint.dispatcher,
    async ping() {
      const content = [{ tag: 'ping', attrs: {} }];
      const answer = await sock.query(
        { tag: 'iq', attrs: { to: S_WHATSAPP_NET, type: 'get', xmlns: 'w:p' }, content },
        PING_TIMEOUT_MS,
      );
      if (!answer) throw new Error('No answer to the ping.');
    },
    async askTimeLock() {
      await sock.fetchAccountReachoutTimelock();
    },
    askForHistory: (request) => requestHistory(sock, creds.me?.id ?? '', request),
    askForFile: (file) => sock.sendNode(mediaRetryReceipt(file, creds.me?.id ?? '')),
    // The device has given its name when it connected. A code is refused with a name that is no operating system.
    async requestPairingCode(digits) {
      if (!OPERATING_SYSTEMS.includes(device.name)) browser[0] = 'Mac OS';
      return await sock.requestPairingCode(digits);
    },
    async learn({ pairs, tokens }) {
      if (pairs.length > 0) await sock.signalRepository.lidMapping.storeLIDPNMappings(pairs);
      if (tokens.length > 0) await learnTokens(store, tokens, lidOf);
    },
    // Queries that wait when a connection ends: Baileys rejects some with the number that the WebSocket was closed
    // with, and the others when their time is over.
    async operate(run) {
      let endWait: () => void = () => undefined;
      const ended = new Promise<never>((_, reject) => {
        endWait = () => reject(new ConnectionEndedError());
      });
      operating.add(endWait);
      try {
        return await Promise.race([run(operationSocket), ended]);
      } catch (error) {
        throw typeof error === 'number' ? new ConnectionEndedError() : error;
      } finally {
        operating.delete(endWait);
      }
    },
    logout: () => sock.logout(),
    async close() {
      closed = true;
      settings.close();
      stopWaiting();
      sock.ev.flush();
      const timer = setTimeout(terminate, CLOSE_TIMEOUT_MS);
      await sock.end(undefined);
      clearTimeout(timer);
    },
    terminate,
  };
}

export const isChannel = (jid: string): boolean => jid.endsWith('@newsletter');
/** A channel, or the status: it has no devices to be found out, no timer and no keys of its own. */
export const isPublic = (jid: string): boolean => isChannel(jid) || (isJidStatusBroadcast(jid) ?? false);
const isOfPerson = (jid: string): boolean => !isJidGroup(jid) && !isPublic(jid);

/** The server answered the query with an error of its own, such as `item-not-found` or `not-authorized`. */
function isRefusal(error: unknown): boolean {
  return [401, 403, 404, 406].includes(Number((error as { data?: unknown }).data));
}
