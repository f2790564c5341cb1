import type { AuthStore } from './auth-store.ts';
import type { BinaryNode, WAMessage, WASocket } from './baileys.ts';
import type { BaileysLogger } from './baileys-logger.ts';
import type { InboundJournal, WaitingPart } from './journal.ts';
import { rebuildMessages } from './replay.ts';

/**
 * What has arrived, and the journal rows that are done once it is stored. Without a message it is nothing that concerns
 * the user.
 */
export interface Arrived {
  message: WAMessage | null;
  journal: readonly Buffer[];
}

export interface ArrivalsDependencies {
  sock: WASocket;
  store: AuthStore;
  journal: InboundJournal;
  logger: BaileysLogger;
  /** Whether this connection still counts. */
  isCurrent: () => boolean;
  deliver: (arrived: Arrived) => void;
}

/**
 * What comes in over a socket, tied to its journal rows. Messages are taken at the moment in which Baileys emits them
 * and not from its event buffer, which holds them back, keeps only the last of several with one id, and drops them all
 * when the socket ends.
 */
export function listenForArrivals(dependencies: ArrivalsDependencies): { replay(): Promise<void> } {
  const { sock, store, journal, logger, isCurrent, deliver } = dependencies;
  const { creds } = store.state;

  const sockets = sock.ws as unknown as { prependListener(event: string, listener: (node: BinaryNode) => void): void };
  sockets.prependListener('CB:message', (node) => journal.notice(node));

  const emit = sock.ev.emit.bind(sock.ev);
  sock.ev.emit = (event, data) => {
    if (event !== 'messages.upsert') return emit(event, data);
    for (const message of (data as { messages: WAMessage[] }).messages) arrived(message);
    return true;
  };

  function arrived(message: WAMessage): void {
    const rows = journal.rowsOf(message);
    if (!isForBaileys(message)) deliver({ message, journal: rows });
    else if (rows.length > 0) void afterBaileys(() => deliver({ message: null, journal: rows }));
  }

  /**
   * Keys and history from the own phone do their work inside Baileys, after the receipt and after the event. They are
   * done when the stanza is, and the credentials that it changed are durable; a crash before that replays them.
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
    for await (const { message, hashes } of rebuilt) {
      if (!isCurrent()) return;
      journal.replays(message, hashes);
      await sock.upsertMessage(message, 'append');
    }
  }

  // Read before anything can arrive, so that only earlier lives are in it. A failure has cut the connection already.
  const waiting: Promise<WaitingPart[]> = store.isPaired()
    ? store.journal.unprojected().catch(() => [])
    : Promise.resolve([]);

  return {
    /**
     * Hands on what arrived in an earlier life, before what comes now: stanzas wait for the mutex that is taken here.
     */
    replay: () =>
      sock.messageMutex
        .mutex(async () => replayAll(await waiting))
        .catch((err: unknown) => logger.error({ err }, 'journal not replayed to its end')),
  };
}

/**
 * Messages between the account's own devices: app-state keys, history, answers to our questions. Never shown to
 * anybody.
 */
const isForBaileys = ({ category, key, message }: WAMessage): boolean =>
  category === 'peer' || Boolean(key.fromMe && message?.protocolMessage);
