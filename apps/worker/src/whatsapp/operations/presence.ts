import { isLidUser, jidNormalizedUser, type WASocket } from '../baileys.ts';
import { NotReadyError, type Performers } from './operation-socket.ts';

/** Milliseconds that a subscription waits for the first word, which WhatsApp sends at once or not at all. */
const FIRST_WORD_MS = 1_500;

export const presence: Performers<'presence'> = {
  async 'presence.subscribe'({ sock, presences }, { jid }) {
    const name = await presenceName(sock, jid);
    presences.watch(name, jid);
    const first = presences.next(name, FIRST_WORD_MS);
    await sock.presenceSubscribe(jid);
    return await first;
  },
  async 'presence.get'({ sock, presences }, { jid }) {
    return presences.get(await presenceName(sock, jid));
  },
  async 'presence.set'({ sock, reportActiveReceipts }, { state, to }) {
    // Without a name Baileys returns without sending anything.
    if (to === undefined && !sock.authState.creds.me?.name) {
      throw new NotReadyError(
        'WhatsApp has not told this session yet under which name the account is shown. It comes with the first message that its phone sends.',
      );
    }
    await sock.sendPresenceUpdate(state, to);
    // Baileys marks receipts as inactive after "unavailable", and senders would see no second tick.
    if (state === 'unavailable') reportActiveReceipts();
    return { state };
  },
};

/** The name under which the presence of a person is kept: WhatsApp tells it under either of its names. */
export async function presenceName(sock: Pick<WASocket, 'signalRepository'>, jid: string): Promise<string> {
  const lid = isLidUser(jid) ? jid : await sock.signalRepository.lidMapping.getLIDForPN(jid);
  return jidNormalizedUser(lid ?? jid);
}
