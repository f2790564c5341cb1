import type { Agent as HttpsAgent } from 'node:https';
import type { HistoryDepth } from '@wa-gate/contracts';
import type { ConnectionHistory } from '@wa-gate/messaging';
import { factsOfContact, factsOfMapping, type ToldContact } from '../contacts/facts.ts';
import { stanzaAttributesOf } from '../content/stanza.ts';
import { stanzaNodes } from '../content/stanza-nodes.ts';
import { sendWithAcceptance } from './acceptance.ts';
import { readCapping, readTimeLock } from './account-signals.ts';
import { isPlainReceipt, type Receipt, readElsewhere, readReceipts, readServerAck } from './acks.ts';
import {
  type BinaryNode,
  isJidGroup,
  isJidStatusBroadcast,
  isLidUser,
  jidNormalizedUser,
  makeWASocket,
  proto,
  S_WHATSAPP_NET,
  type WASocket,
} from './baileys.ts';
import { createBaileysLogger } from './baileys-logger.ts';
import { callerNumberOf, readCallNews } from './call-news.ts';
import { readChannelNews } from './channel-news.ts';
import { filePost, withoutSecret } from './channel-posts.ts';
import { confirmTogether } from './confirmations.ts';
import type { Connection, ConnectOptions, OutgoingMessage } from './connection.ts';
import { takeDirtyGroups } from './dirty-groups.ts';
import { tapEngine } from './engine-events.ts';
import { ConnectionEndedError, type DisconnectCause, readDisconnectCause } from './errors.ts';
import { metadataOf } from './group-metadata.ts';
import { readGroupNotices } from './group-notices.ts';
import { GroupReader } from './group-reader.ts';
import { requestHistory } from './history-request.ts';
import { readIdentity } from './identity.ts';
import { takeMessagesInOrder } from './in-order.ts';
import { listenForArrivals } from './inbound-listener.ts';
import { isChannel, isOfPerson, isPublic } from './jids.ts';
import { InboundJournal } from './journal.ts';
import { prepareKeyPairs } from './key-pairs.ts';
import { readMediaConnection } from './media-connection.ts';
import { withMediaHint } from './media-hint.ts';
import { mediaRetryReceipt, readMediaRetryAnswer } from './media-retry.ts';
import { rejectCall } from './operations/calls.ts';
import { askFacts } from './operations/groups.ts';
import type { OperationSocket } from './operations/operation-socket.ts';
import { presenceName } from './operations/presence.ts';
import { holdFrames } from './outgoing-frames.ts';
import { readPasskeyStep } from './passkey.ts';
import { readPersonNews } from './person-news.ts';
import { readPresence, toldOf } from './presence-book.ts';
import { learnTokens, noteTokenIssued } from './privacy-tokens.ts';
import { RecipientFinder } from './recipient-finder.ts';
import { SharedSettings } from './shared-settings/shared-settings.ts';
import { createSignalRepository } from './signal-repository.ts';
import { partsOf, StatusParts } from './status-parts.ts';
import { storeFirst } from './stored-first.ts';

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
  const journal = new InboundJournal(store.journal, (step) => frames.holdFor(step));
  const baileysLogger = createBaileysLogger(logger, sessionId);
  const { answeredNames, presences, ...baileysCaches } = caches;
  let named: { id?: string | undefined; lid?: string | undefined; jids: readonly string[] } = { jids: [] };
  /** Each receipt asks for them. */
  const ownJids = (): readonly string[] => {
    const { id, lid } = creds.me ?? {};
    if (id !== named.id || lid !== named.lid)
      named = { id, lid, jids: [id, lid].flatMap((jid) => (jid ? [jidNormalizedUser(jid)] : [])) };
    return named.jids;
  };
  /** The account itself, by its LID where the addressing is that of LIDs. */
  const ownName = (isLid: boolean): string => jidNormalizedUser((isLid && creds.me?.lid) || creds.me?.id);
  const groups = new GroupReader({ sessionId, logger, ask: (jid) => askFacts(sock, jid), ownJids, handlers });

  // Baileys keeps this list, and reads it again for a pairing code. Phones give their whole history only to what says
  // that it is a desktop program.
  const browser: [string, string, string] = [device.name, asks === 'full' ? 'Desktop' : device.browser, ''];

  const sock: WASocket = makeSocket({
    auth: { creds, keys },
    version,
    browser,
    waWebSocketUrl: endpoint.wsUrl,
    // Baileys types the agents of Node's https alone.
    agent: endpoint.agent as HttpsAgent,
    ...(endpoint.fetchAgent ? { fetchAgent: endpoint.fetchAgent as HttpsAgent } : {}),
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
    cachedGroupMetadata: async (jid) => (isJidGroup(jid) ? metadataOf(await groups.read(jid)) : undefined),
  });

  const finder = new RecipientFinder({
    sock,
    caches: { answeredNames, userDevicesCache: caches.userDevicesCache },
    ownName,
    met: (fact) => handlers.met(fact),
  });

  function end(cause: DisconnectCause): void {
    if (closed) return;
    closed = true;
    confirmations.drop();
    settings.close();
    stopWaiting();
    handlers.closed(cause);
  }

  /** Receipts of a group come with the number of its members; without it where WhatsApp does not tell. */
  async function reportReceipts(chatJid: string, receipts: Receipt[]): Promise<void> {
    if (!isJidGroup(chatJid)) return handlers.receipts(receipts);
    const recipients = await groups.recipientsOf(chatJid);
    handlers.receipts(recipients === undefined ? receipts : receipts.map((receipt) => ({ ...receipt, recipients })));
  }

  const identity = () => readIdentity(creds.me);

  /**
   * A client that is not "available" marks its receipts `inactive`, and senders never see a second tick. This tells
   * Baileys, and not the server, that we are online: receipts are plain, the presence stays unavailable and the phone
   * keeps ringing. (whatsmeow offers the same as "force active delivery receipts".)
   */
  const reportActiveReceipts = () => sock.ev.emit('connection.update', { isOnline: true });

  const frames = holdFrames(sock);
  takeMessagesInOrder(sock, () => journal.handled());
  const confirmations = confirmTogether(sock, {
    isTold: (node) => isPlainReceipt(node) && !handlers.wantsEngineEvents(),
  });
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
        groups.doubt(notice.jid);
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
      groups.doubt();
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

  function tellContacts(contacts: ToldContact[]): void {
    const at = new Date();
    const own = identity();
    const facts = contacts.flatMap((contact) => factsOfContact(contact, own, at));
    if (facts.length > 0) handlers.told(facts);
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

  return {
    async chat(chatJid) {
      if (isPublic(chatJid)) return { own: ownName(false), nameOf: (jid) => jid, expiresInSeconds: 0 };
      if (!isJidGroup(chatJid)) return { own: ownName(isLidUser(chatJid) ?? false), nameOf: (jid) => jid };
      const group = await groups.read(chatJid);
      const { addressing, disappearingSeconds, participants } = group;
      const nameOf = (name: string) =>
        participants.find(({ jid, altJid }) => jid === name || altJid === name)?.jid ?? name;
      const recipients = groups.recipientsIn(group);
      return {
        own: ownName(addressing === 'lid'),
        nameOf,
        expiresInSeconds: disappearingSeconds,
        recipients,
        isAdmin: groups.isAdminOf(group),
      };
    },
    reached: (chatJid) => finder.reached(chatJid),
    reach: (chatJid) => finder.reach(chatJid),
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
      if (isOfPerson(chatJid)) await noteTokenIssued(store, await finder.lidOf(chatJid), Date.now());
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
      if (tokens.length > 0) await learnTokens(store, tokens, (jid) => finder.lidOf(jid));
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
      confirmations.flush();
      settings.close();
      stopWaiting();
      sock.ev.flush();
      let timer: NodeJS.Timeout | undefined;
      const isLate = new Promise<void>((resolve) => {
        timer = setTimeout(() => resolve(terminate()), CLOSE_TIMEOUT_MS);
      });
      await Promise.race([frames.left(), isLate]);
      await sock.end(undefined);
      clearTimeout(timer);
    },
    terminate,
  };
}
