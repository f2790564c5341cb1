import type { HistoryDepth } from '@wa-gate/contracts';
import type { HistoryNotice } from '@wa-gate/messaging';
import { readNotice, takesIn } from '../history/notice.ts';
import type { AuthStore } from './auth-store.ts';
import {
  type BinaryNode,
  jidNormalizedUser,
  normalizeMessageContent,
  proto,
  type WAMessage,
  type WASocket,
} from './baileys.ts';
import type { BaileysLogger } from './baileys-logger.ts';
import { type Identity, readIdentity } from './identity.ts';
import type { InboundJournal, WaitingPart } from './journal.ts';
import { rebuildMessages } from './replay.ts';
import type { WithheldStep } from './withheld-step.ts';

/**
 * A received stanza, and the journal rows that are done once it is stored. Without a message it is not shown to the
 * user.
 */
export interface Arrived {
  message: WAMessage | null;
  journal: readonly Buffer[];
  /** The attribute `edit` of its stanza: what the message does to another one. Baileys does not pass it on. */
  edit?: string | undefined;
  /** Its sender wants nothing to be shown when it cannot be decrypted. */
  isHidden?: boolean | undefined;
  /** The ratchet step that has read it, where it is not stored yet. Who stores the message joins it. */
  step?: WithheldStep | undefined;
}

/** Where it goes. */
export interface ArrivalHandlers {
  /** `numberOf`: the number of a LID, where the keys of the session have it. */
  arrived(arrived: Arrived, identity: Identity, numberOf: (lid: string) => Promise<string | null>): void;
  /** The phone has announced a part of the history that this session takes in. */
  history(notice: HistoryNotice, journal: readonly Buffer[]): void;
}

export interface ArrivalsDependencies {
  sock: WASocket;
  store: AuthStore;
  journal: InboundJournal;
  logger: BaileysLogger;
  /** Whether this connection is the present one. */
  isCurrent: () => boolean;
  handlers: ArrivalHandlers;
  /** How much of the history is taken in; Baileys reads the rest for who is who. */
  takesHistory: HistoryDepth;
}

/**
 * Collects the messages of a socket with their journal rows. They are taken when Baileys emits them, not from its event
 * buffer. The buffer delays them, keeps only the last of several with one id, and drops them all when the socket ends.
 */
export function listenForArrivals(dependencies: ArrivalsDependencies): { replay(): Promise<void> } {
  const { sock, store, journal, logger, isCurrent, handlers, takesHistory } = dependencies;
  const { creds } = store.state;

  const sockets = sock.ws as unknown as { prependListener(event: string, listener: (node: BinaryNode) => void): void };
  sockets.prependListener('CB:message', (node) => journal.notice(node));

  const emit = sock.ev.emit.bind(sock.ev);
  sock.ev.emit = (event, data) => {
    if (event !== 'messages.upsert') return emit(event, data);
    for (const message of (data as { messages: WAMessage[] }).messages) arrived(message);
    return true;
  };

  async function numberOf(lid: string): Promise<string | null> {
    const number = await sock.signalRepository.lidMapping.getPNForLID(lid);
    return number ? jidNormalizedUser(number) : null;
  }

  const deliver = (arrived: Arrived): void => handlers.arrived(arrived, readIdentity(creds.me), numberOf);

  function arrived(message: WAMessage): void {
    const { hashes: rows, edit, isHidden, step } = journal.stanzaOf(message);
    if (!isForBaileys(message)) deliver({ message, journal: rows, edit, isHidden, step });
    else if (step) void step.writeApart().then(() => forBaileys(message, rows));
    else forBaileys(message, rows);
  }

  function forBaileys(message: WAMessage, rows: readonly Buffer[]): void {
    const notice = readNotice(message);
    if (notice && takesIn(takesHistory, notice.kind)) handlers.history(notice, rows);
    else if (rows.length > 0) void afterBaileys(() => deliver({ message: null, journal: rows }));
  }

  /**
   * Baileys handles keys and history from the own phone after the receipt and after the event. Their journal rows are
   * done when the stanza is handled and the changed credentials are durable. A crash before that replays them.
   */
  async function afterBaileys(done: () => void): Promise<void> {
    await sock.messageMutex.mutex(async () => {
      await store.flush();
      if (isCurrent()) done();
    });
  }

  async function replayAll(parts: readonly WaitingPart[]): Promise<void> {
    if (parts.length === 0 || !creds.me) return;
    const { me } = creds;
    const rebuilt = rebuildMessages({ parts, me, repository: sock.signalRepository, logger });
    for await (const { message, ...stanza } of rebuilt) {
      if (!isCurrent()) return;
      journal.replays(message, stanza);
      await sock.upsertMessage(message, 'append');
    }
  }

  // Read before anything can arrive, so that it contains only parts of earlier runs. A failure has cut the connection
  // already.
  const waiting: Promise<WaitingPart[]> = store.isPaired()
    ? store.journal.unprojected().catch(() => [])
    : Promise.resolve([]);

  return {
    /** Passes on what earlier runs received, before new messages: new stanzas wait for the mutex that is held here. */
    replay: () =>
      sock.messageMutex
        .mutex(async () => replayAll(await waiting))
        .catch((err: unknown) => logger.error({ err }, 'journal not replayed to its end')),
  };
}

const { Type: ProtocolType } = proto.Message.ProtocolMessage;

/** Protocol messages of a chat, which the account's phone sends like any other person. */
const OF_CHATS: ReadonlySet<proto.Message.ProtocolMessage.Type | null | undefined> = new Set([
  ProtocolType.REVOKE,
  ProtocolType.MESSAGE_EDIT,
  ProtocolType.EPHEMERAL_SETTING,
]);

/** Messages between the devices of the account: app-state keys, history, answers to queries. They are not shown. */
function isForBaileys({ category, key, message }: WAMessage): boolean {
  const protocol = message && normalizeMessageContent(message)?.protocolMessage;
  return category === 'peer' || Boolean(key.fromMe && protocol && !OF_CHATS.has(protocol.type));
}
