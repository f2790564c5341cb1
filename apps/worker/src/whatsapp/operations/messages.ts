import type { InputOf } from '@wa-gate/contracts';
import type { proto, WASocket } from '../baileys.ts';
import { NoAnswerError } from '../errors.ts';
import { askPrivacy } from '../privacy-settings.ts';
import type { NewSetting } from '../shared-settings/shared-settings.ts';
import type { Performers } from './operation-socket.ts';

export type Reference = InputOf<'messages.markRead'>['messages'][number];

export const messages: Performers<'messages'> = {
  async 'messages.markRead'({ sock, tellsReading }, { messages: read }) {
    await tellRead(sock, read, tellsReading());
    return { count: read.length };
  },
  async 'messages.markPlayed'({ sock }, { messages: played }) {
    await sock.sendReceipts(played.map(keyOf), 'played');
    return { count: played.length };
  },
  async 'messages.star'({ settings }, { messages: starred, isStarred }) {
    // Baileys' own star names no author, and a phone would not find the message of a group.
    await settings.write(
      starred.map((message) => settingOf('star', message, 2, { starAction: { starred: isStarred } })),
    );
    return { count: starred.length };
  },
  async 'messages.deleteForMe'({ settings }, { messages: deleted }) {
    await settings.write(
      deleted.map((message) =>
        settingOf('deleteMessageForMe', message, 3, {
          deleteMessageForMeAction: { deleteMedia: true, messageTimestamp: message.at },
        }),
      ),
    );
    return { count: deleted.length };
  },
};

export const keyOf = ({ chat, id, fromMe, participant }: Reference): proto.IMessageKey => ({
  remoteJid: chat,
  id,
  fromMe,
  ...(participant !== undefined && { participant }),
});

/** Milliseconds for which the account's word about its read receipts counts. */
const KNOWN_MS = 60_000;

/** @param mayTell what the settings of the session say */
export async function tellRead(sock: WASocket, read: readonly Reference[], mayTell: boolean): Promise<void> {
  const isTold = mayTell && (await accountTellsReading(sock));
  await sock.sendReceipts(read.map(keyOf), isTold ? 'read' : 'read-self');
}

/** Whether the account lets senders see what it has read. It may change that on its phone at any time. */
async function accountTellsReading(sock: WASocket): Promise<boolean> {
  const { readreceipts } = await askPrivacy(sock, { maxAgeMs: KNOWN_MS });
  // A blue tick cannot be taken back, so none is sent without this word.
  if (readreceipts === undefined)
    throw new NoAnswerError('WhatsApp does not say whether this account shows what it has read.');
  return readreceipts === 'all';
}

/** A setting of a message that all devices of the account share, under the name of WhatsApp's own clients. */
function settingOf(
  action: string,
  { chat, id, fromMe, participant }: Reference,
  apiVersion: number,
  syncAction: proto.ISyncActionValue,
): NewSetting {
  const author = chat.endsWith('@g.us') && !fromMe ? (participant ?? '0') : '0';
  return { type: 'regular_high', index: [action, chat, id, fromMe ? '1' : '0', author], apiVersion, syncAction };
}
