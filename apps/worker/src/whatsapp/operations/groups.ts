import type { GroupFacts, InputOf } from '@wa-gate/contracts';
import { type BinaryNode, generateMessageIDV2, S_WHATSAPP_NET, type WASocket } from '../baileys.ts';
import { NoAnswerError, RefusedByWhatsAppError, whatsAppCodeOf } from '../errors.ts';
import { groupJidOf, namesOfNode, readGroupNode, readParticipantAnswers } from '../group-nodes.ts';
import { askNode, childOf, childrenOf, nodeOf } from '../nodes.ts';
import { askGroup, participantNodes, requiredChild } from './group-queries.ts';
import type { Performers } from './operation-socket.ts';

const OF_INVITE = {
  401: 'WhatsApp does not let the account into this group: it was removed from it.',
  404: 'This link leads to no group. Ask for a new one.',
  406: 'This link leads to no group: it is wrong, or was replaced. Ask for a new one.',
  409: 'The account is in this group already: look into the list of groups.',
  410: 'This link was replaced by another one. Ask for the new one.',
} as const;

const OF_INVITATION = {
  401: 'WhatsApp does not let the account into this group: it was removed from it.',
  404: 'The group of this invitation is not there any more: whoever has invited the account can tell.',
  406: 'This invitation is wrong: another person was invited, or by somebody else. Take the values from the message.',
  409: 'The account is in this group already: look into the list of groups.',
  410: 'This invitation has expired, or was taken back. Ask for a new one.',
} as const;

export const groups: Performers<'groups'> = {
  async 'groups.list'({ sock, storeGroups }) {
    const asked = nodeOf('participating', {}, [nodeOf('participants'), nodeOf('description')]);
    const answer = requiredChild(await askGroup(sock, '@g.us', 'get', asked), 'groups');
    const all = childrenOf(answer).flatMap((node) => readGroupNode(node) ?? []);
    await storeGroups(all, true);
    return { count: all.length };
  },
  async 'groups.get'({ sock, storeGroups }, { group }) {
    await storeGroups([await askFacts(sock, group)], false);
    return {};
  },
  async 'groups.create'({ sock }, { subject, participants }) {
    const asked = nodeOf('create', { subject, key: generateMessageIDV2() }, participantNodes(participants));
    const answer = await askGroup(sock, '@g.us', 'set', asked);
    const node = requiredChild(answer, 'group');
    return { group: read(node), participants: readParticipantAnswers(participants, childrenOf(node)) };
  },
  async 'groups.update'({ sock }, { group, ...wanted }) {
    const changed: string[] = [];
    for (const [field, change] of await changesOf(sock, group, wanted)) {
      try {
        await askGroup(sock, group, 'set', change);
      } catch (error) {
        if (error instanceof RefusedByWhatsAppError) error.details = { field, changed };
        throw error;
      }
      changed.push(field);
    }
    return { changed };
  },
  async 'groups.leave'({ sock }, { group }) {
    const jid = groupJidOf(group);
    const answer = await askGroup(sock, '@g.us', 'set', nodeOf('leave', {}, [nodeOf('group', { id: jid })]));
    const left = childOf(childOf(answer, 'leave'), 'group');
    const code = Number(left?.attrs.error ?? 200);
    if (code >= 400) throw new RefusedByWhatsAppError(code, 'The account is not in this group.');
    return {};
  },
  'groups.addParticipants': ({ sock }, input) => changeMembers(sock, 'add', input),
  'groups.removeParticipants': ({ sock }, input) => changeMembers(sock, 'remove', input),
  'groups.promoteParticipants': ({ sock }, input) => changeMembers(sock, 'promote', input),
  'groups.demoteParticipants': ({ sock }, input) => changeMembers(sock, 'demote', input),
  async 'groups.picture'({ sock }, { group }) {
    try {
      const picture = nodeOf('picture', { type: 'image', query: 'url' });
      const answer = await askNode(sock, pictureQuery(group, 'get', [picture]));
      return { pictureUrl: childOf(answer, 'picture')?.attrs.url ?? null };
    } catch (error) {
      if (whatsAppCodeOf(error) === 404) return { pictureUrl: null };
      throw error;
    }
  },
  async 'groups.setPicture'({ sock }, { group, jpeg }) {
    const picture: BinaryNode = { tag: 'picture', attrs: { type: 'image' }, content: Buffer.from(jpeg, 'base64') };
    await askNode(sock, pictureQuery(group, 'set', [picture]));
    return {};
  },
  async 'groups.removePicture'({ sock }, { group }) {
    await askNode(sock, pictureQuery(group, 'set'));
    return {};
  },
  'groups.inviteCode': ({ sock }, { group }) => askInvite(sock, group, 'get'),
  'groups.revokeInvite': ({ sock }, { group }) => askInvite(sock, group, 'set'),
  async 'groups.inviteInfo'({ sock }, { code }) {
    const answer = await askGroup(sock, '@g.us', 'get', nodeOf('invite', { code }), OF_INVITE);
    return read(requiredChild(answer, 'group'));
  },
  async 'groups.join'({ sock }, { code }) {
    const answer = await askGroup(sock, '@g.us', 'set', nodeOf('invite', { code }), OF_INVITE);
    const joined = childOf(answer, 'group');
    const waiting = childOf(answer, 'membership_approval_request');
    const jid = (joined ?? waiting)?.attrs.jid;
    if (!jid) throw new NoAnswerError('WhatsApp does not say which group was joined.');
    return { group: groupJidOf(jid), isWaiting: joined === undefined };
  },
  async 'groups.acceptInvitation'({ sock }, { group, inviter, code, expiration }) {
    const accepted = nodeOf('accept', { code, expiration: String(expiration), admin: inviter });
    const answer = await askGroup(sock, group, 'set', accepted, OF_INVITATION);
    return { group: groupJidOf(group), isWaiting: childOf(answer, 'membership_approval_request') !== undefined };
  },
  async 'groups.revokeInvitations'({ sock }, { group, participants }) {
    const answer = await askGroup(sock, group, 'set', nodeOf('revoke', {}, participantNodes(participants)));
    const told = childrenOf(childOf(answer, 'revoke'));
    // An answer that names nobody is about all of them.
    if (told.length === 0) return { participants: participants.map((jid) => ({ jid, code: 200 })) };
    return { participants: readParticipantAnswers(participants, told) };
  },
  async 'groups.joinRequests'({ sock }, { group }) {
    const answer = await askGroup(sock, group, 'get', nodeOf('membership_approval_requests'));
    const requests = requiredChild(answer, 'membership_approval_requests');
    return { requests: childrenOf(requests).flatMap(readRequest) };
  },
  'groups.approveJoinRequests': ({ sock }, input) => decide(sock, 'approve', input),
  'groups.rejectJoinRequests': ({ sock }, input) => decide(sock, 'reject', input),
};

const pictureQuery = (group: string, type: 'get' | 'set', content?: BinaryNode[]): BinaryNode =>
  nodeOf('iq', { to: S_WHATSAPP_NET, target: groupJidOf(group), xmlns: 'w:profile:picture', type }, content);

/** @throws {NoAnswerError} it is no description of a group */
export function read(node: BinaryNode): GroupFacts {
  const facts = readGroupNode(node);
  if (!facts) throw new NoAnswerError('WhatsApp has not described the group.');
  return facts;
}

type Wanted = Omit<InputOf<'groups.update'>, 'group'>;

/** The queries that make a group so, in the order in which they are asked. */
async function changesOf(sock: WASocket, group: string, wanted: Wanted): Promise<[field: string, BinaryNode][]> {
  const { subject, description, onlyAdminsSend, onlyAdminsEdit, onlyAdminsAdd, joinApproval, disappearingSeconds } =
    wanted;
  const changes: [string, BinaryNode | undefined][] = [
    ['subject', subject === undefined ? undefined : withText('subject', subject)],
    ['description', description === undefined ? undefined : await describe(sock, group, description)],
    ['disappearingSeconds', disappearingSeconds === undefined ? undefined : timerNode(disappearingSeconds)],
    ['joinApproval', joinApproval === undefined ? undefined : approvalNode(joinApproval)],
    ['onlyAdminsAdd', onlyAdminsAdd === undefined ? undefined : addModeNode(onlyAdminsAdd)],
    ['onlyAdminsSend', switchNode(onlyAdminsSend, 'announcement', 'not_announcement')],
    ['onlyAdminsEdit', switchNode(onlyAdminsEdit, 'locked', 'unlocked')],
  ];
  return changes.flatMap(([field, node]): [string, BinaryNode][] => (node ? [[field, node]] : []));
}

const withText = (tag: string, text: string): BinaryNode => ({ tag, attrs: {}, content: Buffer.from(text) });

const switchNode = (isOn: boolean | undefined, on: string, off: string): BinaryNode | undefined =>
  isOn === undefined ? undefined : nodeOf(isOn ? on : off);

const timerNode = (seconds: number): BinaryNode =>
  seconds > 0 ? nodeOf('ephemeral', { expiration: String(seconds) }) : nodeOf('not_ephemeral');

const approvalNode = (isOn: boolean): BinaryNode =>
  nodeOf('membership_approval_mode', {}, [nodeOf('group_join', { state: isOn ? 'on' : 'off' })]);

const addModeNode = (onlyAdmins: boolean): BinaryNode =>
  withText('member_add_mode', onlyAdmins ? 'admin_add' : 'all_member_add');

/** A description names the one before it: WhatsApp refuses a change that was made without knowledge of the last one. */
async function describe(sock: WASocket, group: string, description: string | null): Promise<BinaryNode> {
  const { descriptionId } = await askFacts(sock, group);
  const before: Record<string, string> = descriptionId ? { prev: descriptionId } : {};
  if (!description) return nodeOf('description', { delete: 'true', ...before });
  return nodeOf('description', { id: generateMessageIDV2(), ...before }, [withText('body', description)]);
}

/** The group as WhatsApp describes it now. */
export async function askFacts(sock: Pick<WASocket, 'query'>, group: string): Promise<GroupFacts> {
  const answer = await askGroup(sock, group, 'get', nodeOf('query', { request: 'interactive' }));
  return read(requiredChild(answer, 'group'));
}

type People = InputOf<'groups.addParticipants'>;

async function changeMembers(sock: WASocket, action: string, { group, participants }: People) {
  const answer = await askGroup(sock, group, 'set', nodeOf(action, {}, participantNodes(participants)));
  return { participants: readParticipantAnswers(participants, childrenOf(requiredChild(answer, action))) };
}

async function decide(sock: WASocket, action: 'approve' | 'reject', { group, participants }: People) {
  const decision = nodeOf('membership_requests_action', {}, [nodeOf(action, {}, participantNodes(participants))]);
  const answer = requiredChild(await askGroup(sock, group, 'set', decision), 'membership_requests_action');
  return { participants: readParticipantAnswers(participants, childrenOf(requiredChild(answer, action))) };
}

async function askInvite(sock: WASocket, group: string, type: 'get' | 'set') {
  const code = requiredChild(await askGroup(sock, group, type, nodeOf('invite')), 'invite').attrs.code;
  if (!code) throw new NoAnswerError('WhatsApp has answered without a code.');
  return { code };
}

function readRequest(node: BinaryNode) {
  const names = namesOfNode(node);
  if (!names) return [];
  const { request_time, request_method } = node.attrs;
  return [
    {
      ...names,
      ...(request_time && { requestedAt: Number(request_time) }),
      ...(request_method && { method: request_method }),
    },
  ];
}
