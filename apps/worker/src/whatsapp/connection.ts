import type { GroupFacts, MessageCapping } from '@wa-gate/contracts';
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
import type { Fact } from '../contacts/facts.ts';
import type { ChatFacts } from '../content/context.ts';
import type { Route } from '../egress/routes.ts';
import type { Acceptance } from './acceptance.ts';
import type { ReadElsewhere, Receipt, ServerAck } from './acks.ts';
import type { AuthStore } from './auth-store.ts';
import type { makeWASocket, proto } from './baileys.ts';
import type { SocketCaches } from './baileys-caches.ts';
import type { EngineEvent } from './engine-events.ts';
import type { DisconnectCause } from './errors.ts';
import type { GroupNotice } from './group-notices.ts';
import type { OlderMessages } from './history-request.ts';
import type { Identity } from './identity.ts';
import type { ArrivalHandlers } from './inbound-listener.ts';
import type { MediaConnection } from './media-connection.ts';
import type { LostFile, MediaRetryAnswer } from './media-retry.ts';
import type { OperationSocket } from './operations/operation-socket.ts';
import type { PasskeyStep } from './passkey.ts';
import type { ToldNews } from './person-news.ts';
import type { PresenceUpdate } from './presence-book.ts';
import type { ToldToken } from './privacy-tokens.ts';

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
