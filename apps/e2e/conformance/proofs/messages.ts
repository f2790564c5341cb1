import type { Phone, PhoneMessage } from '../../harness/sandbox-client.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';

export function messageProofs(world: ProofWorld): Proofs<'messages'> & Proofs<'chats'> {
  /** A text of the other side, by our id and by that of WhatsApp. */
  async function said(text: string): Promise<{ messageId: string; id: string }> {
    const { system, session, friend } = world;
    const { id } = await system.sandbox.sendText(friend.number, session.phone.number, text);
    const found = await waitFor(
      async () => (await session.api.messages(session.sessionId)).find(({ waMessageId }) => waMessageId === id),
      { what: `${text} in the list` },
    );
    return { messageId: found.id, id };
  }
  let latest: Awaited<ReturnType<typeof said>>;
  const onSaid = async () => {
    latest = await said('to be acted on');
    return { messageIds: [latest.messageId] };
  };
  const inTheChat = async () => {
    latest = await said('the last one');
    return { chat: `+${world.friend.number}` };
  };
  const shownBy = (phone: Phone, what: string, fits: (message: PhoneMessage) => boolean) =>
    waitFor(
      async () => (await world.system.sandbox.inbox(phone.number)).some((each) => each.id === latest.id && fits(each)),
      { what },
    );
  const isConfirmed = (as: 'read' | 'played') => (message: PhoneMessage) =>
    message.receipts[as].some((device) => device.startsWith(world.session.phone.number));
  const isMarked = (isMarkedUnread: boolean) =>
    waitFor(
      async () =>
        (await world.system.sandbox.chats(world.session.phone.number)).some(
          (each) => each.chat === world.friend.number && each.isMarkedUnread === isMarkedUnread,
        ),
      { what: `the chat marked as ${isMarkedUnread ? 'unread' : 'read'}` },
    );

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
    'chats.markRead': {
      body: inTheChat,
      async seen() {
        await isMarked(false);
        await shownBy(world.friend, 'the blue tick', isConfirmed('read'));
      },
    },
    'chats.markUnread': { body: inTheChat, seen: () => isMarked(true) },
  };
}
