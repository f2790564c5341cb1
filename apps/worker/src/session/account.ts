import type { ConnectedAccount, ConnectionHealth, MessageCapping } from '@wa-gate/contracts';
import type { Restriction } from '@wa-gate/messaging';
import type { Identity } from '../whatsapp/identity.ts';

interface AccountSigns extends Pick<ConnectionHealth, 'connectedSince' | 'lastFrameAt'> {
  restriction: Restriction | null;
  capping: MessageCapping | null;
}

/** A connected account as the API shows it. */
export function describeAccount(identity: Identity, signs: AccountSigns): ConnectedAccount {
  const { restriction, capping, connectedSince, lastFrameAt } = signs;
  return {
    phoneNumber: `+${identity.phoneNumber}`,
    pushName: identity.pushName ?? null,
    connectedAt: connectedSince,
    lastSeenAt: lastFrameAt,
    restriction: restriction && { type: restriction.type, until: restriction.until.toISOString() },
    messageCapping: capping,
  };
}
