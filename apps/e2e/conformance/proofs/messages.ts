import type { Phone, PhoneMessage } from '../../harness/sandbox-client.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';
import { type Said, said } from './said.ts';

export function messageProofs(world: ProofWorld): Proofs<'messages'> {
  let latest: Said;
  const onSaid = async () => {
    latest = await said(world, 'to be acted on');
    return { messageIds: [latest.messageId] };
  };
  const shownBy = (phone: Phone, what: string, fits: (message: PhoneMessage) => boolean) =>
    waitFor(
      async () => (await world.system.sandbox.inbox(phone.number)).some((each) => each.id === latest.id && fits(each)),
      { what },
    );
  const isConfirmed = (as: 'read' | 'played') => (message: PhoneMessage) =>
    message.receipts[as].some((device) => device.startsWith(world.session.phone.number));

  return {
    'messages.markRead': {
      body: onSaid,
      seen: () => shownBy(world.friend, 'the blue tick', isConfirmed('read')),
    },
    'messages.markPlayed': {
      body: onSaid,
      seen: () => shownBy(world.friend, 'the blue microphone', isConfirmed('played')),
    },
    'messages.star': {
      body: async ({ isStarred }) => ({ ...(await onSaid()), isStarred }),
      seen: ({ isStarred }) =>
        shownBy(world.session.phone, 'the star, or none', ({ changed }) => changed.isStarred === isStarred),
    },
    'messages.deleteForMe': {
      body: onSaid,
      async seen() {
        await shownBy(world.session.phone, 'the message hidden', ({ changed }) => changed.isHidden);
        await shownBy(
          world.friend,
          'the message of the other side',
          ({ changed }) => !changed.isHidden && !changed.isDeleted,
        );
      },
    },
  };
}
