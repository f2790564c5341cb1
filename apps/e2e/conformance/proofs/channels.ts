import { expect } from 'vitest';
import type { SandboxChannel } from '../../harness/sandbox-client.ts';
import type { Proofs, ProofWorld } from './proof.ts';

/** The channels of the sandbox tell what an operation has done. */
export function channelProofs(world: ProofWorld): Proofs<'channels'> {
  let made: SandboxChannel;
  /** A channel of the account, or one of the friend that the account follows. */
  async function channelOf(whose: 'own' | 'followed' | 'unknown'): Promise<SandboxChannel> {
    const { session, friend, system } = world;
    const [owner, follower] = whose === 'own' ? [session.phone, friend] : [friend, session.phone];
    const followers = whose === 'unknown' ? [] : [follower.number];
    made = await system.sandbox.createChannel({ owner: owner.number, name: `Offers ${whose}`, followers });
    return made;
  }
  const named = (whose: 'own' | 'followed' | 'unknown') => async () => ({ channel: (await channelOf(whose)).id });
  const present = () => world.system.sandbox.channel(made.id);
  const ownRole = ({ roles }: SandboxChannel) => roles[world.session.phone.number];
  /** The first post, by `author`. */
  async function posted(whose: 'own' | 'followed') {
    const { id } = await channelOf(whose);
    return await world.system.sandbox.postToChannel(id, { text: 'Two for one.' });
  }
  const firstPost = async () => (await present()).posts[0];

  return {
    'channels.list': {
      on: async () => {
        await channelOf('own');
        return world.session.sessionId;
      },
      seen: async (_input, data) =>
        expect((data as { channels: unknown[] }).channels).toContainEqual(
          expect.objectContaining({ id: made.id, role: 'owner', followers: 1, isMuted: false, state: 'active' }),
        ),
    },
    'channels.create': {
      async seen(input, data) {
        const { id, role } = data as { id: string; role: string };
        const channel = await world.system.sandbox.channel(id);
        expect(channel).toMatchObject({ name: input.name, description: input.description });
        expect([role, ownRole(channel)]).toEqual(['owner', 'owner']);
      },
    },
    'channels.search': {
      on: async () => {
        await channelOf('unknown');
        return world.session.sessionId;
      },
      seen: async (_input, data) =>
        expect((data as { channels: unknown[] }).channels).toContainEqual(
          expect.objectContaining({ id: made.id, role: 'guest' }),
        ),
    },
    'channels.get': {
      params: async () => ({ channel: (await channelOf('followed')).inviteCode }),
      seen: async (_input, data) =>
        expect(data).toMatchObject({ id: made.id, name: made.name, inviteCode: made.inviteCode, role: 'follower' }),
    },
    'channels.update': {
      params: named('own'),
      async seen({ name, description, picture }, data) {
        const channel = await present();
        if (name !== undefined) expect(channel).toMatchObject({ name, description });
        if (picture !== undefined) expect(channel.picture).toBe(picture);
        expect(data).toMatchObject({ id: made.id, name: channel.name, description: channel.description });
      },
    },
    'channels.delete': {
      params: named('own'),
      seen: async () => expect(present()).rejects.toThrow(/404/),
    },
    'channels.follow': {
      params: named('unknown'),
      async seen(_input, data) {
        expect(ownRole(await present())).toBe('subscriber');
        expect(data).toMatchObject({ id: made.id, role: 'follower' });
      },
    },
    'channels.unfollow': {
      params: named('followed'),
      seen: async () => expect(ownRole(await present())).toBeUndefined(),
    },
    'channels.mute': {
      params: named('followed'),
      seen: async ({ isMuted }) => expect((await present()).muted).toEqual(isMuted ? [world.session.phone.number] : []),
    },
    'channels.posts': {
      async params() {
        const { serverId } = await posted('followed');
        await world.system.sandbox.reactInChannel(made.id, serverId, { by: world.friend.number, emoji: '👍' });
        return { channel: made.id };
      },
      async seen(_input, data) {
        const { id, serverId, views } = (await firstPost())!;
        const post = { serverId: String(serverId), waMessageId: id, type: 'text', text: 'Two for one.', fromMe: false };
        const counts = { views, reactions: [{ emoji: '👍', count: 1 }] };
        expect(data).toMatchObject({ posts: [{ ...post, ...counts }] });
      },
    },
    'channels.react': {
      async params() {
        const { serverId } = await posted('followed');
        await world.system.sandbox.reactInChannel(made.id, serverId, { by: world.session.phone.number, emoji: '🎉' });
        return { channel: made.id, serverId: String(serverId) };
      },
      seen: async ({ emoji }) =>
        expect((await firstPost())?.reactions[world.session.phone.number]).toBe(emoji ?? undefined),
    },
    'channels.editPost': {
      params: async () => ({ waMessageId: (await posted('own')).id, channel: made.id }),
      seen: async ({ text }) => expect(await firstPost()).toMatchObject({ text, isEdited: true }),
    },
    'channels.deletePost': {
      params: async () => ({ waMessageId: (await posted('own')).id, channel: made.id }),
      seen: async () => expect(await firstPost()).toMatchObject({ isDeleted: true, text: null }),
    },
  };
}
