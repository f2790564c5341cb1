import type { InputOf } from '@wa-gate/contracts';
import { expect } from 'vitest';
import type { PhoneChat, PhoneMessage } from '../../harness/sandbox-client.ts';
import { waitFor } from '../../harness/wait-for.ts';
import type { Proofs, ProofWorld } from './proof.ts';
import { type Said, said } from './said.ts';

export function chatProofs(world: ProofWorld): Proofs<'chats'> {
  let latest: Said;
  const ofFriend = () => `+${world.friend.number}`;
  const inTheChat = async () => {
    latest = await said(world, 'the last one');
    return { chat: ofFriend() };
  };
  const shows = (what: string, fits: (chat: PhoneChat) => boolean) =>
    waitFor(
      async () =>
        (await world.system.sandbox.chats(world.session.phone.number)).some(
          (each) => each.chat === world.friend.number && fits(each),
        ),
      { what: `the phone to show the chat ${what}` },
    );
  const isShown = async (number: string, what: string, fits: (message: PhoneMessage) => boolean) =>
    await waitFor(
      async () => (await world.system.sandbox.inbox(number)).some((each) => each.id === latest.id && fits(each)),
      { what },
    );
  const settings = async () => ({ chat: ofFriend() });
  const removed = async (what: string, fits: (chat: PhoneChat) => boolean) => {
    await shows(what, fits);
    await isShown(world.session.phone.number, 'the message removed', ({ changed }) => changed.isHidden);
    await isShown(world.friend.number, 'the message of the other side', ({ changed }) => !changed.isHidden);
  };

  return {
    'chats.markRead': {
      body: inTheChat,
      async seen() {
        await shows('as read', ({ isMarkedUnread }) => !isMarkedUnread);
        await isShown(world.friend.number, 'the blue tick', ({ receipts }) =>
          receipts.read.some((device) => device.startsWith(world.session.phone.number)),
        );
      },
    },
    'chats.markUnread': { body: inTheChat, seen: () => shows('as unread', ({ isMarkedUnread }) => isMarkedUnread) },
    'chats.update': {
      params: settings,
      body: async ({ isArchived, isPinned, mutedUntil }) => ({
        ...(isArchived !== undefined && { isArchived }),
        ...(isPinned !== undefined && { isPinned }),
        ...(mutedUntil !== undefined &&
          (mutedUntil > 0 ? { mutedUntil: new Date(mutedUntil).toISOString() } : { isMuted: mutedUntil !== 0 })),
      }),
      async seen(input, data) {
        const { isArchived, isPinned, mutedUntil }: InputOf<'chats.update'> = input;
        await shows(
          JSON.stringify(input),
          (chat) =>
            (isArchived === undefined || chat.isArchived === isArchived) &&
            (isPinned === undefined || chat.isPinned === isPinned) &&
            (mutedUntil === undefined || (chat.mutedUntil ?? 0) === mutedUntil),
        );
        expect(data).toMatchObject({
          ...(isArchived !== undefined && { isArchived }),
          ...(isPinned !== undefined && { isPinned }),
          ...(mutedUntil !== undefined && {
            isMuted: mutedUntil !== 0,
            mutedUntil: mutedUntil > 0 ? new Date(mutedUntil).toISOString() : null,
          }),
        });
      },
    },
    'chats.clear': {
      params: inTheChat,
      body: async ({ keepStarred }) => ({ keepStarred }),
      seen: () => removed('cleared', ({ isCleared }) => isCleared),
    },
    'chats.delete': { params: inTheChat, seen: () => removed('deleted', ({ isDeleted }) => isDeleted) },
    'chats.fetchHistory': {
      async params() {
        await said(world, 'what came here');
        await world.system.sandbox.addPast(world.session.phone.number, {
          chats: [{ chat: world.friend.number, count: 3, newestAt: Math.floor(Date.now() / 1_000) - 86_400 }],
        });
        return { chat: ofFriend() };
      },
      body: async ({ count }) => ({ count }),
      async seen(_input, data) {
        expect(data).toMatchObject({ requestId: expect.any(String), before: expect.any(String) });
        const query = new URLSearchParams({ chat: ofFriend(), text: '"Past message 3"' });
        const found = async () =>
          (await world.session.api.data<{ messages: unknown[] }>(`/api/messages?${query}`)).messages.length === 1;
        await waitFor(found, { what: 'the oldest message of the phone' });
      },
    },
    'chats.sync': {
      body: async ({ isComplete }) => ({ isComplete }),
      async seen({ isComplete }, data) {
        const { changes, versions } = data as { changes: number; versions: Record<string, number> };
        expect(Object.keys(versions).sort()).toEqual(['regular', 'regular_high', 'regular_low']);
        if (isComplete) expect(changes).toBeGreaterThan(0);
      },
    },
  };
}
