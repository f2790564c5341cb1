import { beforeAll, expect, test } from 'vitest';
import { PIXEL } from '../conformance/proofs/people.ts';
import type { HttpAnswer } from '../harness/http.ts';
import {
  addPhone,
  type PairedSession,
  pairSession,
  registerTenant,
  type Tenant,
  waitForStatus,
} from '../harness/pair-session.ts';
import type { GroupOnPhones, Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

/**
 * WhatsApp has done what a worker asked for, and the worker is killed before it has the answer. Nothing is done a
 * second time, and the caller learns what is true: to repeat it is safe, or nobody knows whether it was done.
 */
const system = useSystem({ workers: 1 });
let tenant: Tenant;
let session: PairedSession;
let friend: Phone;
let someone: Phone;

beforeAll(async () => {
  tenant = await registerTenant(system());
  session = await pairSession(system(), tenant);
  [friend, someone] = [await addPhone(system(), 'Friend'), await addPhone(system(), 'Somebody')];
});

interface Change {
  /** The call, below the session. */
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  path: string;
  json?: Record<string, unknown>;
  /** A repetition changes nothing more: the caller may call again. */
  isSafe?: true;
  /** @default the session of the groups */
  by?: PairedSession;
  /** How often WhatsApp has done it. */
  times(this: void): Promise<number>;
}

const shown = (id: string) => system().sandbox.group(id);
const when = (id: string, isSo: (group: GroupOnPhones) => boolean) => async () => (isSo(await shown(id)) ? 1 : 0);
const roleOf = ({ participants }: GroupOnPhones, { number }: Phone) =>
  participants.find((each) => each.number === number)?.role;

/** What is changed, each on a group of its own. */
async function makeChanges(): Promise<Record<string, Change>> {
  const { sandbox } = system();
  const { phone } = session;
  const made = async (participants: Phone[], owner = phone) => {
    const numbers = participants.map(({ number }) => number);
    return (await sandbox.createGroup({ owner: owner.number, subject: 'A group', participants: numbers })).id;
  };
  const people = { participants: [`+${friend.number}`] };
  const [left, joined, invited, grown, shrunk, raised, lowered, relinked, renamed] = await Promise.all([
    made([friend]),
    made([], friend),
    made([], friend),
    made([]),
    made([friend]),
    made([friend]),
    made([friend]),
    made([friend]),
    made([friend]),
  ]);
  await sandbox.changeParticipants(lowered, { action: 'promote', participants: [friend.number] });
  const { inviteCode } = await shown(joined);
  const { by: _, ...invitation } = await sandbox.invite(invited, { number: phone.number });
  const formerCode = (await shown(relinked)).inviteCode;
  const asked = async () => {
    const group = await made([]);
    await sandbox.changeGroup(group, { joinApproval: true });
    await sandbox.joinGroup(group, someone.number);
    return group;
  };
  const [approved, rejected] = [await asked(), await asked()];
  const called = async (subject: string) =>
    (await sandbox.groups()).filter((group) => group.subject === subject).length;
  const bySomeone = { participants: [`+${someone.number}`] };
  return {
    'groups.create': {
      method: 'POST',
      path: '/groups',
      json: { subject: 'Made once', ...people },
      times: () => called('Made once'),
    },
    'communities.create': {
      method: 'POST',
      path: '/communities',
      json: { subject: 'One community' },
      // WhatsApp makes its announcement group with it.
      times: async () => (await called('One community')) / 2,
    },
    'groups.leave': {
      method: 'POST',
      path: `/groups/${left}/leave`,
      times: when(left, (group) => roleOf(group, phone) === undefined),
    },
    'groups.join': {
      method: 'POST',
      path: `/group-invites/${inviteCode}/join`,
      times: when(joined, (group) => roleOf(group, phone) === 'member'),
    },
    'groups.acceptInvitation': {
      method: 'POST',
      path: `/groups/${invited}/invitations/accept`,
      json: { inviter: `+${friend.number}`, ...invitation },
      times: when(invited, (group) => roleOf(group, phone) === 'member'),
    },
    'groups.addParticipants': {
      method: 'POST',
      path: `/groups/${grown}/participants`,
      json: people,
      times: when(grown, (group) => roleOf(group, friend) === 'member'),
    },
    'groups.removeParticipants': {
      method: 'POST',
      path: `/groups/${shrunk}/participants/remove`,
      json: people,
      times: when(shrunk, (group) => roleOf(group, friend) === undefined),
    },
    'groups.promoteParticipants': {
      method: 'POST',
      path: `/groups/${raised}/participants/promote`,
      json: people,
      times: when(raised, (group) => roleOf(group, friend) === 'admin'),
    },
    'groups.demoteParticipants': {
      method: 'POST',
      path: `/groups/${lowered}/participants/demote`,
      json: people,
      times: when(lowered, (group) => roleOf(group, friend) === 'member'),
    },
    'groups.revokeInvite': {
      method: 'POST',
      path: `/groups/${relinked}/invite/revoke`,
      times: async () => {
        const { inviteCode: code, formerCodes } = await shown(relinked);
        return code === formerCode ? 0 : formerCodes.length;
      },
    },
    'groups.approveJoinRequests': {
      method: 'POST',
      path: `/groups/${approved}/join-requests/approve`,
      json: bySomeone,
      times: when(approved, (group) => roleOf(group, someone) === 'member'),
    },
    'groups.rejectJoinRequests': {
      method: 'POST',
      path: `/groups/${rejected}/join-requests/reject`,
      json: bySomeone,
      times: when(rejected, ({ requests }) => requests.length === 0),
    },
    'groups.update': {
      method: 'PATCH',
      path: `/groups/${renamed}`,
      json: { subject: 'Renamed' },
      isSafe: true,
      times: when(renamed, ({ subject }) => subject === 'Renamed'),
    },
  };
}

/**
 * Changes of people, chats and labels. A session writes one setting of its account after another, so each of those has
 * a session of its own.
 */
async function makeMoreChanges(): Promise<Record<string, Change>> {
  const { sandbox } = system();
  const { phone } = session;
  const own = () => sandbox.profile(phone.number);
  const { id: call } = await sandbox.call(friend.number, phone.number, { ringMs: 600_000 });
  const [archiving, naming, starring, labelling] = await Promise.all(
    Array.from({ length: 4 }, () => pairSession(system(), tenant)),
  );
  const { id: starred } = await sandbox.sendText(friend.number, starring!.phone.number, 'to be starred');
  const readySession = async ({ sessionId }: PairedSession) =>
    await waitFor(
      async () => {
        const path = `/api/sessions/${sessionId}/chats/sync`;
        return (await tenant.api.call(path, { method: 'POST', json: {} })).status === 200;
      },
      { what: `${sessionId} to have the settings of its account` },
    );
  await Promise.all([archiving!, naming!, starring!, labelling!].map(readySession));
  const known = await waitFor(
    async () => {
      const { calls } = await tenant.api.data<{ calls: { callId: string }[] }>(
        `/api/sessions/${session.sessionId}/calls`,
      );
      const messages = await tenant.api.messages(starring!.sessionId);
      return calls.some(({ callId }) => callId === call)
        ? messages.find(({ waMessageId }) => waMessageId === starred)
        : undefined;
    },
    { what: 'the call and the message to be known' },
  );
  const [group, community] = await Promise.all([
    sandbox.createGroup({ owner: phone.number, subject: 'A group', participants: [friend.number] }),
    sandbox.createGroup({ owner: phone.number, subject: 'Another', participants: [friend.number] }),
  ]);
  const person = { contact: `+${friend.number}` };
  const picture = { media: { base64: PIXEL } };
  const once = (isSo: boolean) => (isSo ? 1 : 0);
  return {
    'groups.setPicture': {
      method: 'PUT',
      path: `/groups/${group.id}/picture`,
      json: picture,
      isSafe: true,
      times: when(group.id, ({ hasPicture }) => hasPicture),
    },
    'groups.update of who may send': {
      method: 'PATCH',
      path: `/groups/${community.id}`,
      json: { onlyAdminsSend: true },
      isSafe: true,
      times: when(community.id, ({ announce }) => announce),
    },
    'profile.setAbout': {
      method: 'PUT',
      path: '/profile/about',
      json: { about: 'Set once' },
      isSafe: true,
      times: async () => once((await own()).about === 'Set once'),
    },
    'profile.setPicture': {
      method: 'PUT',
      path: '/profile/picture',
      json: picture,
      isSafe: true,
      times: async () => once((await own()).pictureId !== null),
    },
    'privacy.set': {
      method: 'PATCH',
      path: '/privacy',
      json: { lastSeen: 'nobody' },
      isSafe: true,
      times: async () => once((await own()).privacy.last === 'none'),
    },
    'blocklist.block': {
      method: 'POST',
      path: '/blocklist/block',
      json: person,
      isSafe: true,
      times: async () => (await own()).blocked.filter((number) => number === friend.number).length,
    },
    'calls.reject': {
      method: 'POST',
      path: `/calls/${call}/reject`,
      json: {},
      isSafe: true,
      times: async () => once((await sandbox.callStatus(call)) === 'rejected'),
    },
    'chats.update': {
      method: 'PATCH',
      path: `/chats/${person.contact.replace('+', '%2B')}`,
      json: { isArchived: true },
      isSafe: true,
      by: archiving!,
      times: async () =>
        (await sandbox.chats(archiving!.phone.number)).filter((chat) => chat.isArchived && chat.chat === friend.number)
          .length,
    },
    'contacts.saveName': {
      method: 'PUT',
      path: '/contacts/name',
      json: { ...person, name: 'Saved once' },
      isSafe: true,
      by: naming!,
      times: async () =>
        once((await sandbox.profile(naming!.phone.number)).addressBook[friend.number] === 'Saved once'),
    },
    'messages.star': {
      method: 'POST',
      path: '/messages/star',
      json: { messageIds: [known.id] },
      isSafe: true,
      by: starring!,
      times: async () =>
        (await sandbox.inbox(starring!.phone.number)).filter(({ id, changed }) => id === starred && changed.isStarred)
          .length,
    },
    'labels.create': {
      method: 'POST',
      path: '/labels',
      json: { name: 'Made once' },
      by: labelling!,
      times: async () =>
        (await sandbox.labels(labelling!.phone.number)).filter(({ name }) => name === 'Made once').length,
    },
  };
}

test('a worker that is killed between request and answer: nothing is done twice, and the caller gets a true word (MR-014)', async () => {
  const { sandbox } = system();
  const changes = Object.entries({ ...(await makeChanges()), ...(await makeMoreChanges()) });
  const sessions = [...new Set(changes.map(([, { by = session }]) => by))];
  // WhatsApp does what it is asked for, and its answers are lost.
  const faults = await Promise.all(
    sessions.flatMap(({ phone: { number: phone } }) => [
      sandbox.addFault({ kind: 'answer-lost', phone, count: 1_000 }),
      sandbox.addFault({ kind: 'drop', phone, stanza: 'ack', count: 1_000 }),
    ]),
  );
  const calls = changes.map(([, { method, path, json, by = session }]) =>
    tenant.api.call<{ code?: string; retryable?: boolean }>(`/api/sessions/${by.sessionId}${path}`, {
      method,
      ...(json && { json }),
    }),
  );
  for (const [name, { times }] of changes) {
    await waitFor(async () => (await times()) === 1, { what: `${name} to be done` });
  }
  await system().restart('worker-1', 'SIGKILL');
  await Promise.all(faults.map((fault) => sandbox.cancelFault(fault)));
  const answers: HttpAnswer<{ code?: string; retryable?: boolean }>[] = await Promise.all(calls);
  for (const { sessionId } of sessions) await waitForStatus(tenant.api, sessionId, 'connected');

  for (const [at, [name, { isSafe, times }]] of changes.entries()) {
    const { status, body } = answers[at]!;
    // What is safe may have been repeated at the next owner, and have succeeded there.
    const word = status === 200 ? 'done' : `${status} ${body.code} ${body.retryable}`;
    const expected = isSafe ? ['done', '503 SESSION_MOVING true'] : ['503 OUTCOME_UNKNOWN false'];
    expect(expected, `${name}: ${JSON.stringify(body)}`).toContain(word);
    expect(await times(), name).toBe(1);
  }
});

test('WhatsApp tells a call, a change of a group and a blocked person again to the next owner of a worker that was killed before it had stored them (I11)', async () => {
  const { sandbox, services } = system();
  const { sessionId, phone } = session;
  const worker = system().process('worker-1');
  const { id: group } = await sandbox.createGroup({
    owner: friend.number,
    subject: 'Before',
    participants: [phone.number],
  });
  const { rows: sessions } = await services.pool.query<{ id: string }>('SELECT id FROM sessions WHERE slug = $1', [
    sessionId,
  ]);
  const id = sessions[0]!.id;
  const told = async () => {
    const { rows } = await services.pool.query<{ type: string; about: string }>(
      `SELECT type, coalesce(data#>>'{changes,subject}', data->>'callId', data->>'subject', 'somebody') AS about
        FROM events WHERE session_id = $1 AND type IN ('group.joined', 'group.updated', 'contact.blocked', 'call.received')`,
      [id],
    );
    return rows.map(({ type, about }) => `${type} ${about}`);
  };
  await waitFor(async () => (await told()).includes('group.joined Before'), { what: 'the group to be known' });
  await waitFor(async () => (await sandbox.waitingStanzas(phone.number)) === 0, { what: 'all to be confirmed' });
  const known = await told();

  const client = await services.pool.connect();
  let call: string;
  try {
    await client.query('BEGIN');
    const { rows } = await client.query<{ pid: number }>(
      'SELECT pg_backend_pid() AS pid FROM session_placements WHERE session_id = $1 FOR UPDATE',
      [id],
    );
    await sandbox.changeGroup(group, { subject: 'After' });
    await sandbox.block(phone.number, friend.number);
    call = (await sandbox.call(someone.number, phone.number, { ringMs: 120_000 })).id;
    // Its answer comes behind what was told.
    expect(await tenant.api.call(`/api/sessions/${sessionId}/blocklist`)).toMatchObject({ status: 200 });
    await worker.stop({ signal: 'SIGKILL' });
    // What waits for the row would be written by PostgreSQL, without the worker.
    await services.pool.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))',
      [rows[0]!.pid],
    );
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  expect(await told()).toEqual(known);
  await worker.start();
  const news = [`call.received ${call}`, 'contact.blocked somebody', 'group.updated After'];
  await waitFor(async () => (await told()).length >= known.length + news.length, { what: 'the news' });
  await waitFor(async () => (await sandbox.waitingStanzas(phone.number)) === 0, { what: 'all to be confirmed' });
  expect((await told()).sort()).toEqual([...known, ...news].sort());
});

expectSoundSystem(system);
