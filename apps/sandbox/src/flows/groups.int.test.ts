import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BaileysClient } from '../testing/baileys-client.ts';
import { until } from '../testing/wait.ts';
import { type TestPhone, World } from '../testing/world.ts';

let world: World;
let alice: TestPhone;
let bob: TestPhone;
let carol: TestPhone;
let client: BaileysClient;
let carolClient: BaileysClient;
beforeAll(async () => {
  world = await World.start();
  [alice, bob, carol] = [await world.phone(), await world.phone(), await world.phone()];
  client = await world.companion(alice);
  carolClient = await world.companion(carol);
});
afterAll(() => world.close());

const hasText = (target: BaileysClient, group: string, text: string, mark = 0) =>
  target.event(
    'messages.upsert',
    (batch) =>
      batch.messages.some(
        ({ key, message }) =>
          key.remoteJid === group && (message?.conversation ?? message?.extendedTextMessage?.text) === text,
      ),
    mark,
  );

async function newGroup(addressing: 'lid' | 'pn', members: TestPhone[]): Promise<string> {
  const [creator, ...others] = members;
  const { id } = await world.api.post<{ id: string }>('/groups', {
    subject: `a ${addressing} group`,
    owner: creator!.number,
    participants: others.map((phone) => phone.number),
    addressing,
  });
  return id.includes('@') ? id : `${id}@g.us`;
}

describe.each(['lid', 'pn'] as const)('a group addressed by %s', (addressing) => {
  test('messages in every direction, with sender keys that are distributed once', async () => {
    const group = await newGroup(addressing, [alice, bob, carol]);
    await client.event('groups.upsert', (groups) => groups.some((entry) => entry.id === group));
    const metadata = await client.socket.groupMetadata(group);
    expect(metadata.participants).toHaveLength(3);
    expect(metadata.addressingMode).toBe(addressing);

    const first = await client.socket.sendMessage(group, { text: 'hello group' });
    expect(await bob.message('hello', (entry) => entry.id === first!.key.id)).toMatchObject({
      chat: group,
      text: 'hello group',
    });
    await hasText(carolClient, group, 'hello group');
    const second = await client.socket.sendMessage(group, { text: 'again' });
    expect(await bob.message('again', (entry) => entry.id === second!.key.id)).toMatchObject({ encryption: 'skmsg' });
    await hasText(carolClient, group, 'again');
    // Baileys names the very device that sends among the recipients of a group that is addressed by LIDs.
    const query = `direction=down&device=${encodeURIComponent(`${alice.number}:${(await alice.devices())[0]}`)}`;
    const { messages } = await world.api.get<{ messages: { id: string }[] }>(`/recorder/messages?${query}`);
    const own = [first!.key.id, second!.key.id];
    expect(messages.filter(({ id }) => own.includes(id))).toEqual([]);

    for (const text of ['from a phone', 'once more']) {
      await bob.send({ to: group, type: 'text', text });
      await hasText(client, group, text);
      await hasText(carolClient, group, text);
    }
    const back = await carolClient.socket.sendMessage(group, { text: 'from the other client' });
    await hasText(client, group, 'from the other client');
    await bob.message('it', (entry) => entry.id === back!.key.id);
    expect((await world.api.get<{ keys: { reused: number } }>('/recorder/summary')).keys.reused).toBe(0);
  });

  test('a member confirms: the receipt names it', async () => {
    const group = await newGroup(addressing, [alice, bob]);
    await client.event('groups.upsert', (groups) => groups.some((entry) => entry.id === group));
    await bob.configure({ receipts: { deliveredMs: 500, readMs: 900 } });
    const sent = await client.socket.sendMessage(group, { text: 'who reads this?' });
    const readBy = () =>
      client.events
        .filter((event) => event.name === 'message-receipt.update')
        .flatMap(
          (event) => event.data as { key: { id?: string }; receipt: { userJid?: string; readTimestamp?: unknown } }[],
        )
        .find(({ key, receipt }) => key.id === sent!.key.id && receipt.readTimestamp);
    const { receipt } = await until('read by a member', readBy);
    expect(receipt.userJid).toBe(addressing === 'lid' ? bob.lidJid : bob.pn);
  });
});

describe('group administration by a client', () => {
  test('create, rename, describe, add, promote, demote, remove, list, leave', async () => {
    const { socket } = client;
    const created = await socket.groupCreate('made by a client', [bob.pn, carol.pn]);
    const group = created.id;
    await carolClient.event('groups.upsert', (groups) => groups.some((entry) => entry.id === group));
    expect(created.participants).toHaveLength(3);

    await socket.groupUpdateSubject(group, 'renamed');
    await carolClient.event('groups.update', (list) =>
      list.some((entry) => entry.id === group && entry.subject === 'renamed'),
    );
    await socket.groupUpdateDescription(group, 'what it is for');
    expect(await socket.groupMetadata(group)).toMatchObject({ subject: 'renamed', desc: 'what it is for' });

    const dave = await world.phone();
    const added = await socket.groupParticipantsUpdate(group, [dave.pn], 'add');
    expect(added.map((entry) => entry.status)).toEqual(['200']);
    await carolClient.event('group-participants.update', (update) => update.id === group && update.action === 'add');
    await socket.groupParticipantsUpdate(group, [bob.pn], 'promote');
    const admins = async () => (await socket.groupMetadata(group)).participants.filter((entry) => entry.admin).length;
    expect(await admins()).toBe(2);
    await socket.groupParticipantsUpdate(group, [bob.pn], 'demote');
    expect(await admins()).toBe(1);
    await socket.groupParticipantsUpdate(group, [carol.pn], 'remove');
    await carolClient.event('group-participants.update', (update) => update.id === group && update.action === 'remove');

    expect(Object.keys(await socket.groupFetchAllParticipating())).toContain(group);
    await socket.groupSettingUpdate(group, 'announcement');
    expect((await socket.groupMetadata(group)).announce).toBe(true);
    const code = await socket.groupInviteCode(group);
    expect(await carolClient.socket.groupAcceptInvite(code!)).toBe(group);
    await socket.groupLeave(group);
    expect(Object.keys(await socket.groupFetchAllParticipating())).not.toContain(group);
  });

  test('who is private about groups is invited, and accepts, unless the invitation was revoked or has expired', async () => {
    const dave = await world.phone({ privacy: { groupadd: 'none' } });
    const daveClient = await world.companion(dave);
    const { id: group } = await client.socket.groupCreate('by invitation', [bob.pn]);
    const offered = async () => {
      const [answer] = await client.socket.groupParticipantsUpdate(group, [dave.pn], 'add');
      expect(answer!.status).toBe('403');
      const [{ attrs }] = answer!.content.content as unknown as [{ attrs: Record<string, string> }];
      return { groupJid: group, inviteCode: attrs.code!, inviteExpiration: Number(attrs.expiration) };
    };
    const accept = (invite: Awaited<ReturnType<typeof offered>>, by = alice.pn) =>
      daveClient.socket.groupAcceptInviteV4(by, invite);
    const revoked = await offered();
    await client.socket.groupRevokeInviteV4(group, dave.pn);
    await expect(accept(revoked)).rejects.toThrow('gone');
    const invite = await offered();
    await expect(accept(revoked)).rejects.toThrow('not-acceptable');
    await expect(accept(invite, bob.pn)).rejects.toThrow('not-acceptable');
    await world.api.post(`/groups/${group}/invitations`, { number: dave.number, seconds: 0 });
    await expect(world.api.post(`/groups/${group}/invitations/accept`, { number: dave.number })).rejects.toThrow('410');
    const last = await offered();
    expect(await accept(last)).toBe(group);
    await client.event('group-participants.update', (update) => update.id === group && update.action === 'add');
    await expect(accept(last)).rejects.toThrow('conflict');
  });

  test('with approval who comes by the link, or is invited by a member, asks; an admin approves or rejects', async () => {
    const { socket } = client;
    const { id: group } = await socket.groupCreate('with approval', [bob.pn]);
    const code = (await socket.groupInviteCode(group))!;
    await socket.groupJoinApprovalMode(group, 'on');
    expect((await socket.groupMetadata(group)).joinApprovalMode).toBe(true);
    const mark = client.events.length;
    expect(await carolClient.socket.groupAcceptInvite(code)).toBeUndefined();
    await client.event('group.join-request', ({ id, action }) => id === group && action === 'created', mark);
    const [dave, erin] = [await world.phone(), await world.phone()];
    expect(await world.api.post(`/groups/${group}/join`, { number: dave.number })).toEqual({ isMember: false });
    await world.api.post(`/groups/${group}/invitations`, { number: erin.number, by: bob.number });
    expect(await world.api.post(`/groups/${group}/invitations/accept`, { number: erin.number })).toEqual({
      isMember: false,
    });
    const members = async () => (await socket.groupMetadata(group)).participants.length;
    const asking = async () => (await socket.groupRequestParticipantsList(group)).map(({ jid }) => jid);
    expect(await asking()).toEqual([carol.lidJid, dave.lidJid, erin.lidJid]);
    expect(await members()).toBe(2);
    await expect(carolClient.socket.groupRequestParticipantsList(group)).rejects.toThrow('forbidden');

    const decide = async (phone: TestPhone, action: 'approve' | 'reject') =>
      (await socket.groupRequestParticipantsUpdate(group, [phone.lidJid], action)).map(({ status }) => status);
    expect(await decide(carol, 'approve')).toEqual(['200']);
    await carolClient.event('groups.upsert', (groups) => groups.some(({ id }) => id === group));
    expect(await decide(dave, 'reject')).toEqual(['200']);
    expect(await decide(dave, 'approve')).toEqual(['404']);
    expect([await members(), await asking()]).toEqual([3, [erin.lidJid]]);
    await expect(carolClient.socket.groupRequestParticipantsList(group)).rejects.toThrow('not-authorized');
    await expect(carolClient.socket.groupJoinApprovalMode(group, 'off')).rejects.toThrow('not-authorized');

    await socket.groupJoinApprovalMode(group, 'off');
    expect(await world.api.post(`/groups/${group}/join`, { number: dave.number })).toEqual({ isMember: true });
  });

  test('with approval who is added by a member asks, once; an admin adds at once, and approves (MR-014)', async () => {
    const { socket } = client;
    const [dave, erin] = [await world.phone(), await world.phone()];
    const shy = await world.phone({ privacy: { groupadd: 'none' } });
    const { id: group } = await socket.groupCreate('members add, admins approve', [carol.pn]);
    await carolClient.event('groups.upsert', (groups) => groups.some(({ id }) => id === group));
    await socket.groupMemberAddMode(group, 'all_member_add');
    await socket.groupJoinApprovalMode(group, 'on');
    const add = async (by: typeof client, ...phones: TestPhone[]) => {
      const named = phones.map(({ lidJid }) => lidJid);
      const answers = await by.socket.groupParticipantsUpdate(group, named, 'add');
      return answers.map(({ status, content }) => {
        const [child] = (content.content ?? []) as unknown as { tag: string; attrs: Record<string, string> }[];
        return [status, child?.tag, child?.attrs.error].filter(Boolean).join(' ');
      });
    };
    const asks = '421 membership_approval_request';
    const mark = client.events.length;
    expect(await add(carolClient, dave, erin, shy)).toEqual([asks, asks, '403 add_request']);
    await client.event('group.join-request', ({ id, method }) => id === group && method === 'non_admin_add', mark);
    expect(await add(carolClient, dave)).toEqual([`${asks} 304`]);
    const members = async () => (await socket.groupMetadata(group)).participants.map(({ id }) => id);
    const requests = async () =>
      (await socket.groupRequestParticipantsList(group)).map(({ jid, request_method }) => [jid, request_method]);
    expect(await members()).toEqual([alice.lidJid, carol.lidJid]);
    expect(await requests()).toEqual([
      [dave.lidJid, 'non_admin_add'],
      [erin.lidJid, 'non_admin_add'],
    ]);
    const [approved] = await socket.groupRequestParticipantsUpdate(group, [dave.lidJid], 'approve');
    expect([approved!.status, await add(client, erin)]).toEqual(['200', ['200']]);
    expect(await members()).toEqual([alice.lidJid, carol.lidJid, dave.lidJid, erin.lidJid]);
    expect(await requests()).toEqual([]);
    const { participants } = await world.api.post<{ participants: unknown[] }>(`/groups/${group}/participants`, {
      by: dave.number,
      action: 'add',
      participants: [bob.number],
    });
    expect(participants).toEqual([{ number: bob.number, error: '421' }]);
  });

  test('that groups have changed is told until it is confirmed', async () => {
    const mark = client.events.length;
    await world.api.post(`/phones/${alice.number}/dirty`, { type: 'groups' });
    await client.event('groups.update', () => true, mark);
    await until('it is confirmed', async () => {
      const { devices } = await world.api.get<{ devices: { dirty: string[] }[] }>(`/phones/${alice.number}/devices`);
      return devices.every(({ dirty }) => dirty.length === 0);
    });
  });

  test('whoever was removed gets nothing more', async () => {
    const group = await newGroup('lid', [alice, bob, carol]);
    await client.event('groups.upsert', (groups) => groups.some((entry) => entry.id === group));
    await client.socket.sendMessage(group, { text: 'all three' });
    await bob.message('it', (entry) => entry.chat === group && entry.text === 'all three');
    await client.socket.groupParticipantsUpdate(group, [bob.lidJid], 'remove');
    await client.socket.sendMessage(group, { text: 'only two' });
    await hasText(carolClient, group, 'only two');
    expect((await bob.messages()).some((entry) => entry.text === 'only two')).toBe(false);
  });
});
