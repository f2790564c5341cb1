import { fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { until } from '../testing/wait.ts';
import { type TestPhone, World } from '../testing/world.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import type { BinaryNode } from '../wire/node.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let client: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  [alice, bob] = [await world.phone(), await world.phone()];
  client = await world.companion(alice);
});
afterAll(() => world.close());

interface Shown {
  name: string;
  pictureId: string | null;
  business: Record<string, unknown> | null;
}
const shown = (phone: TestPhone) => world.api.get<Shown>(phone.path);
const ask = (attrs: Record<string, string>, content: unknown[]) =>
  client.socket.query({
    tag: 'iq',
    attrs: { to: S_WHATSAPP_NET, ...attrs },
    content,
  } as unknown as BinaryNode as never);
/** What Baileys throws for an answer that is an error: the code of WhatsApp. */
const refused = (code: number) => expect.objectContaining({ data: code });

describe('pictures are of the account, group or stranger that is named', () => {
  const bytesOf = async (jid: string): Promise<Buffer> => {
    const url = await client.socket.profilePictureUrl(jid, 'image');
    const response = await fetch(url!, { dispatcher: client.download.options.dispatcher });
    return Buffer.from(await response.arrayBuffer());
  };
  const set = (picture: string, attrs: Record<string, string> = {}) =>
    ask({ type: 'set', xmlns: 'w:profile:picture', ...attrs }, [
      { tag: 'picture', attrs: { type: 'image' }, content: Buffer.from(picture) },
    ]);

  test('the own one is set by the client, that of another phone by the control API', async () => {
    await expect(client.socket.profilePictureUrl(bob.pn)).rejects.toEqual(refused(404));
    const mark = client.events.length;
    await client.socket.sendMessage(bob.pn, { text: 'so that its devices are known' });
    await bob.configure({ picture: Buffer.from('of bob').toString('base64') });
    await client.event('contacts.update', (changes) => changes.some(({ imgUrl }) => imgUrl === 'changed'), mark);
    expect((await bytesOf(bob.pn)).toString()).toBe('of bob');
    expect((await bytesOf(bob.lidJid)).toString()).toBe('of bob');
    await expect(client.socket.profilePictureUrl(alice.pn)).rejects.toEqual(refused(404));
    const before = await shown(bob);
    await set('of alice');
    expect((await bytesOf(alice.pn)).toString()).toBe('of alice');
    expect(await shown(bob)).toEqual(before);
    expect((await shown(alice)).pictureId).not.toBeNull();
  });

  test('nobody sets that of another account, and who hides it does not show it', async () => {
    await bob.configure({ picture: Buffer.from('of bob').toString('base64') });
    await expect(set('not of bob', { target: bob.pn })).rejects.toEqual(refused(403));
    expect((await bytesOf(bob.pn)).toString()).toBe('of bob');
    await bob.configure({ privacy: { profile: 'none' } });
    await expect(client.socket.profilePictureUrl(bob.pn)).rejects.toEqual(refused(401));
    await bob.configure({ privacy: { profile: 'all' } });
  });

  test('a number that is not on WhatsApp has none', async () => {
    await set('of alice');
    await expect(client.socket.profilePictureUrl(`15559990000@s.whatsapp.net`)).rejects.toEqual(refused(404));
    await expect(client.socket.profilePictureUrl('120363999999999999@g.us')).rejects.toEqual(refused(404));
  });

  test.each(['target', 'to'])(
    'that of a group, named by `%s`, is for its members, and not that of who sets it',
    async (name) => {
      const { id: group } = await client.socket.groupCreate('with a picture', [bob.pn]);
      await set('of alice');
      await set('of the group', { [name]: group });
      expect((await bytesOf(group)).toString()).toBe('of the group');
      expect((await bytesOf(alice.pn)).toString()).toBe('of alice');
      await client.socket.groupLeave(group);
      await expect(client.socket.profilePictureUrl(group)).rejects.toEqual(refused(401));
      await expect(set('of a stranger', { [name]: group })).rejects.toEqual(refused(401));
    },
  );
});

describe('business profiles', () => {
  const business = {
    verifiedName: 'Shop Inc.',
    description: 'Sells things',
    category: 'Shopping',
    email: 'a@b.example',
  };

  test('a phone gets one by the control API, and clients read it; a person has none', async () => {
    await bob.configure({ business: { ...business, websites: ['https://b.example'] } });
    expect(await client.socket.getBusinessProfile(bob.pn)).toMatchObject({
      description: 'Sells things',
      category: 'Shopping',
      email: 'a@b.example',
      website: ['https://b.example'],
    });
    await bob.configure({ business: null });
    expect(await client.socket.getBusinessProfile(bob.pn)).toBeUndefined();
  });

  test('a business changes its own; a person cannot', async () => {
    const change = { description: 'Sells more', websites: ['https://c.example', 'https://d.example'] };
    await expect(client.socket.updateBussinesProfile(change)).rejects.toEqual(refused(403));
    await alice.configure({ business });
    await client.socket.updateBussinesProfile(change);
    expect((await shown(alice)).business).toEqual({ ...business, ...change });
    await alice.configure({ business: null });
  });
});

test('the name in a client’s presence becomes that of the account', async () => {
  client.auth.state.creds.me!.name = 'Alice & Sons';
  await client.socket.sendPresenceUpdate('available');
  await until('the name', async () => (await shown(alice)).name === 'Alice & Sons');
  const { key } = (await client.socket.sendMessage(bob.pn, { text: 'who am I?' }))!;
  expect((await bob.message('it', ({ id }) => id === key.id)).pushName).toBe('Alice & Sons');
});

test('what WhatsApp does not know is refused as it refuses it, and counted by name', async () => {
  const group = await client.socket.groupCreate('to ask', [bob.pn]);
  const nothing = [{ tag: 'nothing', attrs: {} }];
  await expect(ask({ type: 'get', xmlns: 'w:nowhere' }, nothing)).rejects.toEqual(refused(501));
  for (const attrs of [
    { type: 'get', xmlns: 'w:g2', to: '@g.us' },
    { type: 'get', xmlns: 'w:g2', to: group.id },
    { type: 'set', xmlns: 'w:g2', to: group.id },
    { type: 'get', xmlns: 'w:biz' },
    { type: 'get', xmlns: 'encrypt' },
  ])
    await expect(ask(attrs, nothing)).rejects.toEqual(refused(400));
  const { unknown } = await world.api.get<{ unknown: Record<string, number> }>('/recorder/summary');
  expect(unknown).toEqual({
    'iq w:nowhere nothing': 1,
    'iq w:g2 nothing': 3,
    'iq w:biz nothing': 1,
    'iq encrypt nothing': 1,
  });
});
