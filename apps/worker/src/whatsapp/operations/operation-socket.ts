import type { AnswerOf, ConnectionOperationName, GroupFacts, InputOf } from '@wa-gate/contracts';
import type { CallNews } from '@wa-gate/messaging';
import { jidNormalizedUser, type WASocket } from '../baileys.ts';
import type { ToldNews } from '../person-news.ts';
import type { PresenceBook } from '../presence-book.ts';
import type { SharedSettings } from '../shared-settings/shared-settings.ts';

/** The connection as an operation uses it. */
export interface OperationSocket {
  sock: WASocket;
  /** Marks the receipts of this device as those of an active client, without a presence at the server. */
  reportActiveReceipts: () => void;
  presences: PresenceBook;
  /** How the account shows its chats, its labels, its stars. */
  settings: Pick<SharedSettings, 'inTurn' | 'labels' | 'read' | 'write'>;
  /** Stores groups as WhatsApp has just described them. `isAll`: they are all groups of the account. */
  storeGroups: (groups: readonly GroupFacts[], isAll: boolean) => Promise<void>;
  /** A call is told of, as by a stanza. Resolves when it is stored. */
  tellCall: (news: CallNews) => Promise<void>;
  /**
   * Something has happened to a person by this operation: WhatsApp tells it to the other devices alone. Resolves when
   * it is stored.
   */
  tellPerson: (event: ToldNews) => Promise<void>;
  /** Whether senders may learn what the session marks as read. */
  tellsReading: () => boolean;
}

/** The account itself, by its number. */
export const ownJid = ({ authState }: Pick<WASocket, 'authState'>): string => jidNormalizedUser(authState.creds.me?.id);

/** The functions that run the operations of one area, such as `presence`. */
export type Performers<Area extends string> = {
  [N in Extract<ConnectionOperationName, `${Area}.${string}`>]: (
    wa: OperationSocket,
    input: InputOf<N>,
  ) => Promise<AnswerOf<N>>;
};

export { NotReadyError } from '../errors.ts';
