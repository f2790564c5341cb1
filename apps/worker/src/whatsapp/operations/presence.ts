import { NotReadyError, type Performers } from './operation-socket.ts';

export const presence: Performers<'presence'> = {
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
