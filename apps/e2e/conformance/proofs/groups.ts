import { expect } from 'vitest';
import type { HttpCall } from '../../harness/http.ts';
import { addPhone } from '../../harness/pair-session.ts';
import type { GroupOnPhones, Phone } from '../../harness/sandbox-client.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { PIXEL } from './people.ts';
import type { Proof, Proofs, ProofWorld } from './proof.ts';

interface Result {
  jid: string;
  phoneNumber: string | null;
  result: string;
  invitation: { code: string } | null;
}
interface Results {
  group: string;
  participants: Result[];
}

export function groupProofs(world: ProofWorld): Proofs<'groups'> & Proofs<'communities'> {
  let group: string;
  let community: string;
  let someone: Phone;

  const shown = () => world.system.sandbox.group(group);
  const shows = (what: string, fits: (seen: GroupOnPhones) => boolean) =>
    waitFor(async () => fits(await shown()), { what });
  const roleOf = (seen: GroupOnPhones, { number }: Phone) =>
    seen.participants.find((each) => each.number === number)?.role;

  /** A group of the account and the friend, which the account has made. */
  async function made(participants: Phone[] = [world.friend], owner: Phone = world.session.phone): Promise<string> {
    const numbers = participants.map(({ number }) => number);
    ({ id: group } = await world.system.sandbox.createGroup({
      owner: owner.number,
      subject: 'A group',
      participants: numbers,
    }));
    return group;
  }
  const inGroup = async () => ({ group: await made() });
  const withFriend = async () => ({ participants: [`+${world.friend.number}`] });

  /** Somebody asks to join; the friend has made the account an admin. */
  async function asked() {
    await made();
    someone = await addPhone(world.system, 'Somebody');
    await world.system.sandbox.changeGroup(group, { joinApproval: true });
    await world.system.sandbox.joinGroup(group, someone.number);
    return { group };
  }
  async function onAsked() {
    await asked();
    return { participants: [`+${someone.number}`] };
  }
  const done = (data: unknown, phone: Phone) =>
    expect(data).toMatchObject({
      group,
      participants: [{ phoneNumber: `+${phone.number}`, result: 'done', wa: 200, invitation: null }],
    });

  async function invited() {
    await made([], world.friend);
    return { code: (await shown()).inviteCode };
  }

  /** A call of the preparation. The session may have asked WhatsApp as often as it may: then it waits. */
  async function patiently<T>(url: string, call: HttpCall): Promise<T> {
    const { status, body } = await waitFor(
      async () => {
        const answer = await world.tenant.api.call<{ data: T }>(url, call);
        return answer.status === 429 ? undefined : answer;
      },
      { what: `${url} to be allowed` },
    );
    expect(status, JSON.stringify(body)).toBe(200);
    return body.data;
  }

  async function inCommunity() {
    const data = { subject: 'A community' };
    const url = `/api/sessions/${world.session.sessionId}/communities`;
    ({ group: community } = await patiently<{ group: string }>(url, { method: 'POST', json: data }));
    return { community };
  }
  const withGroup = async () => ({ ...(await inCommunity()), ...(await inGroup()) });
  const groupsOf = (data: unknown) => (data as { groups: { group: string }[] }).groups.map(({ group: each }) => each);

  const members: Proof<'groups.removeParticipants'> = {
    params: inGroup,
    body: withFriend,
    seen: async (_input, data) => done(data, world.friend),
  };

  const known = async () => {
    await made();
    return { group };
  };

  return {
    'groups.list': {
      async body() {
        await made();
        return { maxAgeSeconds: 0, limit: 200 };
      },
      async seen(_input, data, sessionId) {
        interface List {
          groups: { group: string }[];
          isStale: boolean;
        }
        // A session that has asked WhatsApp as often as it may shows what it knows, and says so.
        const asked = (data as List).isStale
          ? await waitFor(
              async () => {
                const url = `/api/sessions/${sessionId}/groups?maxAgeSeconds=0&limit=200`;
                const list = await world.tenant.api.data<List>(url);
                return list.isStale ? undefined : list;
              },
              { what: 'a list that WhatsApp has just given' },
            )
          : (data as List);
        expect(asked.groups.find((each) => each.group === group)).toMatchObject({
          subject: 'A group',
          isMember: true,
          role: 'superadmin',
          participantCount: 2,
          owner: { phoneNumber: `+${world.session.phone.number}` },
        });
      },
    },
    'groups.get': {
      params: known,
      seen: async (_input, data) =>
        expect(data).toMatchObject({
          group,
          role: 'superadmin',
          participants: [
            { phoneNumber: `+${world.session.phone.number}`, role: 'superadmin' },
            { phoneNumber: `+${world.friend.number}`, role: 'member' },
          ],
        }),
    },
    'groups.setPicture': {
      params: known,
      body: async () => ({ media: { base64: PIXEL } }),
      seen: () => shows('the picture', ({ hasPicture }) => hasPicture),
    },
    'groups.removePicture': {
      async params() {
        await made();
        await world.system.sandbox.changeGroup(group, { picture: PIXEL });
        return { group };
      },
      seen: () => shows('no picture', ({ hasPicture }) => !hasPicture),
    },
    'groups.create': {
      async body({ subject }) {
        someone = await addPhone(world.system, 'Private');
        await world.system.sandbox.updatePhone(someone.number, { privacy: { groupadd: 'none' } });
        return { subject, participants: [`+${world.friend.number}`, `+${someone.number}`, '+15550009999'] };
      },
      async seen({ subject }, data) {
        const { participants } = data as Results;
        group = (data as Results).group;
        expect(participants.map(({ result }) => result)).toEqual(['done', 'invitation_needed', 'not_on_whatsapp']);
        expect(participants[1]).toMatchObject({
          phoneNumber: `+${someone.number}`,
          invitation: { code: expect.any(String) },
        });
        const seen = await shown();
        expect(seen).toMatchObject({ subject, owner: world.session.phone.number });
        expect(seen.participants.map(({ number }) => number)).toEqual([
          world.session.phone.number,
          world.friend.number,
        ]);
      },
    },
    'groups.update': {
      params: inGroup,
      async seen(input, data) {
        const { group: _, ...wanted } = input;
        expect((data as { changed: string[] }).changed.toSorted()).toEqual(Object.keys(wanted).toSorted());
        const seen = await shown();
        const state = {
          subject: seen.subject,
          description: seen.description,
          onlyAdminsSend: seen.announce,
          onlyAdminsEdit: seen.locked,
          onlyAdminsAdd: seen.memberAddMode === 'admin_add',
          joinApproval: seen.joinApproval,
          disappearingSeconds: seen.ephemeralSeconds,
        };
        expect(state).toMatchObject(wanted);
      },
    },
    'groups.leave': {
      params: inGroup,
      seen: () => shows('the account to be gone', (seen) => roleOf(seen, world.session.phone) === undefined),
    },
    'groups.addParticipants': {
      params: async () => ({ group: await made([]) }),
      body: withFriend,
      async seen(_input, data) {
        done(data, world.friend);
        await shows('the friend in the group', (seen) => roleOf(seen, world.friend) === 'member');
      },
    },
    'groups.removeParticipants': {
      ...members,
      async seen(input, data, sessionId) {
        await members.seen(input, data, sessionId);
        await shows('the friend to be gone', (seen) => roleOf(seen, world.friend) === undefined);
      },
    },
    'groups.promoteParticipants': {
      ...members,
      async seen(input, data, sessionId) {
        await members.seen(input, data, sessionId);
        await shows('the friend as an admin', (seen) => roleOf(seen, world.friend) === 'admin');
      },
    },
    'groups.demoteParticipants': {
      ...members,
      async params() {
        await made();
        await world.system.sandbox.changeParticipants(group, {
          action: 'promote',
          participants: [world.friend.number],
        });
        return { group };
      },
      async seen(input, data, sessionId) {
        await members.seen(input, data, sessionId);
        await shows('the friend as a member', (seen) => roleOf(seen, world.friend) === 'member');
      },
    },
    'groups.picture': {
      async params() {
        await made();
        await world.system.sandbox.changeGroup(group, { picture: Buffer.from('a picture').toString('base64') });
        return { group };
      },
      seen: async (_input, data) => expect(data).toMatchObject({ group, pictureUrl: expect.stringMatching(/^https:/) }),
    },
    'groups.inviteCode': {
      params: inGroup,
      async seen(_input, data) {
        const { inviteCode } = await shown();
        expect(data).toEqual({ group, code: inviteCode, link: `https://chat.whatsapp.com/${inviteCode}` });
      },
    },
    'groups.revokeInvite': {
      params: inGroup,
      async seen(_input, data) {
        const { inviteCode } = await shown();
        expect(data).toMatchObject({ group, code: inviteCode });
      },
    },
    'groups.inviteInfo': {
      params: invited,
      seen: async (_input, data) =>
        expect(data).toMatchObject({
          group,
          subject: 'A group',
          memberCount: 1,
          owner: { phoneNumber: `+${world.friend.number}` },
        }),
    },
    'groups.join': {
      params: invited,
      async seen(_input, data) {
        expect(data).toEqual({ group, isWaiting: false });
        expect(roleOf(await shown(), world.session.phone)).toBe('member');
      },
    },
    'groups.acceptInvitation': {
      async body() {
        await made([], world.friend);
        const { code, expiresAt } = await world.system.sandbox.invite(group, { number: world.session.phone.number });
        return { inviter: `+${world.friend.number}`, code, expiresAt };
      },
      params: async () => ({ group }),
      async seen(_input, data) {
        expect(data).toEqual({ group, isWaiting: false });
        expect(roleOf(await shown(), world.session.phone)).toBe('member');
      },
    },
    'groups.revokeInvitations': {
      async body() {
        await made([]);
        someone = await addPhone(world.system, 'Invited');
        await world.system.sandbox.invite(group, { number: someone.number });
        return { participants: [`+${someone.number}`] };
      },
      params: async () => ({ group }),
      async seen(_input, data) {
        done(data, someone);
        await expect(world.system.sandbox.acceptInvitation(group, someone.number)).rejects.toThrow('NOT_INVITED');
      },
    },
    'groups.joinRequests': {
      params: asked,
      seen: async (_input, data) =>
        expect(data).toMatchObject({
          group,
          requests: [
            {
              phoneNumber: `+${someone.number}`,
              method: 'invite_link',
              requestedAt: expect.any(String),
            },
          ],
        }),
    },
    'groups.approveJoinRequests': {
      body: onAsked,
      params: async () => ({ group }),
      async seen(_input, data) {
        done(data, someone);
        expect(roleOf(await shown(), someone)).toBe('member');
      },
    },
    'groups.rejectJoinRequests': {
      body: onAsked,
      params: async () => ({ group }),
      async seen(_input, data) {
        done(data, someone);
        expect(roleOf(await shown(), someone)).toBeUndefined();
        expect((await shown()).requests).toEqual([]);
      },
    },
    'communities.create': {
      seen: async ({ subject }, data) => {
        group = (data as Results).group;
        expect(await shown()).toMatchObject({ subject, owner: world.session.phone.number });
      },
    },
    'communities.groups': {
      params: inCommunity,
      seen: async (_input, data) =>
        expect(data).toMatchObject({ community, groups: [{ subject: 'A community', isAnnouncements: true }] }),
    },
    'communities.link': {
      params: withGroup,
      async seen(_input, data) {
        expect(groupsOf(data)).toContain(group);
        expect((await shown()).community).toBe(community.split('@')[0]);
      },
    },
    'communities.unlink': {
      async params() {
        const names = await withGroup();
        const url = `/api/sessions/${world.session.sessionId}/communities/${community}/groups/${group}`;
        await patiently(url, { method: 'PUT' });
        return names;
      },
      async seen(_input, data) {
        expect(groupsOf(data)).not.toContain(group);
        expect((await shown()).community).toBeNull();
      },
    },
  };
}
