import {
  type AnswerOf,
  type InputOf,
  invitationSeconds,
  type MediaSource,
  type OperationName,
  type ParticipantAnswer,
  type ParticipantResult,
  type PresentedOperationName,
} from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { principalOf, type SessionRef } from '../../principal.ts';
import { type ProfilePictures, requestFiles } from '../media/index.ts';
import { reachOf } from '../sessions/index.ts';
import type { GroupPeople } from './group-people.ts';
import { type GroupsService, jidOfGroup, type ListGroupsQuery } from './groups.service.ts';
import { type ParticipantAction, participantResult } from './participant-results.ts';

interface GroupCall<N extends OperationName> {
  request: FastifyRequest;
  session: SessionRef;
  groupPeople: GroupPeople;
  groups: GroupsService;
  profilePictures: ProfilePictures;
  ask: (input: InputOf<N>) => Promise<AnswerOf<N>>;
}

type GroupOperationName = Extract<PresentedOperationName, `groups.${string}` | `communities.${string}`>;
type PresentGroups = {
  [N in GroupOperationName]: { present(call: GroupCall<N>): Promise<unknown> };
};

const isoOf = (seconds: number | undefined): string | null =>
  seconds === undefined ? null : new Date(seconds * 1_000).toISOString();

const groupOf = ({ request }: { request: FastifyRequest }): string =>
  jidOfGroup((request.params as { group: string }).group);
const communityOf = ({ request }: { request: FastifyRequest }): string =>
  jidOfGroup((request.params as { community: string }).community);
const codeOf = ({ request }: { request: FastifyRequest }): string => (request.params as { code: string }).code;

async function results(
  { session, groupPeople }: Pick<GroupCall<'groups.create'>, 'session' | 'groupPeople'>,
  action: ParticipantAction,
  answers: readonly ParticipantAnswer[],
): Promise<ParticipantResult[]> {
  const identities = await groupPeople.identitiesOf(session.workspaceId, answers);
  return answers.map((answer, at) => participantResult(action, identities[at]!, answer));
}

type Changing =
  | `groups.${'add' | 'remove' | 'promote' | 'demote'}Participants`
  | `groups.${'approve' | 'reject'}JoinRequests`
  | 'groups.revokeInvitations';

const changing = (action: ParticipantAction) => ({
  async present(call: GroupCall<Changing>) {
    const { request, session, groupPeople, ask } = call;
    const { participants: given } = request.body as { participants: string[] };
    const group = groupOf(call);
    const { participants } = await ask({ group, participants: await groupPeople.jidsOf(session.workspaceId, given) });
    return { group, participants: await results(call, action, participants) };
  },
});

const inviting = {
  async present(call: GroupCall<'groups.inviteCode'> | GroupCall<'groups.revokeInvite'>) {
    const group = groupOf(call);
    const { code } = await call.ask({ group });
    return { group, code, link: `https://chat.whatsapp.com/${code}` };
  },
};

const communityGroups = (community: string, { groups }: AnswerOf<'communities.groups'>) => ({
  community,
  groups: groups.map(({ jid, subject, isAnnouncements, size }) => ({
    group: jid,
    subject,
    isAnnouncements,
    memberCount: size ?? null,
  })),
});

/** What the gateway makes of the answers of owners about groups. */
export const presentGroups: PresentGroups = {
  'groups.list': {
    present: ({ request, session, groups, ask }) =>
      groups.list(session, request.query as ListGroupsQuery, () => ask({})),
  },
  'groups.get': {
    present(call) {
      const { request, session, groups, ask } = call;
      const group = groupOf(call);
      const { maxAgeSeconds } = request.query as { maxAgeSeconds?: number };
      return groups.get(session, group, maxAgeSeconds, () => ask({ group }));
    },
  },
  'groups.create': {
    async present(call) {
      const { request, session, groupPeople, ask } = call;
      const { subject, participants: given } = request.body as { subject: string; participants: string[] };
      const jids = await groupPeople.jidsOf(session.workspaceId, given);
      const { group, participants } = await ask({ subject, participants: jids });
      return {
        group: group.jid,
        subject: group.subject,
        community: group.community ?? null,
        participants: await results(call, 'add', participants),
      };
    },
  },
  'groups.update': {
    async present(call) {
      const group = groupOf(call);
      return { group, ...(await call.ask({ group, ...(call.request.body as object) })) };
    },
  },
  'groups.leave': {
    async present(call) {
      const group = groupOf(call);
      await call.ask({ group });
      return { group };
    },
  },
  'groups.addParticipants': changing('add'),
  'groups.removeParticipants': changing('remove'),
  'groups.promoteParticipants': changing('promote'),
  'groups.demoteParticipants': changing('demote'),
  'groups.picture': {
    async present(call) {
      const group = groupOf(call);
      return { group, ...(await call.ask({ group })) };
    },
  },
  'groups.setPicture': {
    async present(call) {
      const { request, session, profilePictures, ask } = call;
      const { media } = request.body as { media: MediaSource };
      const by = { reach: reachOf(principalOf(request)), files: requestFiles(request) };
      const jpeg = await profilePictures.make(session.workspaceId, media, by);
      const group = groupOf(call);
      await ask({ group, jpeg: jpeg.toString('base64') });
      return { group };
    },
  },
  'groups.removePicture': {
    async present(call) {
      const group = groupOf(call);
      await call.ask({ group });
      return { group };
    },
  },
  'groups.inviteCode': inviting,
  'groups.revokeInvite': inviting,
  'groups.inviteInfo': {
    async present(call) {
      const { session, groupPeople, ask } = call;
      const group = await ask({ code: codeOf(call) });
      const [owner] = await groupPeople.identitiesOf(session.workspaceId, group.owner ? [group.owner] : []);
      return {
        group: group.jid,
        subject: group.subject,
        description: group.description,
        owner: owner ?? null,
        createdAt: isoOf(group.createdAt),
        memberCount: group.size,
        joinApproval: group.joinApproval,
        community: group.community ?? null,
      };
    },
  },
  'groups.join': { present: (call) => call.ask({ code: codeOf(call) }) },
  'groups.acceptInvitation': {
    async present(call) {
      const { request, session, groupPeople, ask } = call;
      const { inviter, code, expiresAt } = request.body as { inviter: string; code: string; expiresAt: string };
      const [jid] = await groupPeople.jidsOf(session.workspaceId, [inviter]);
      return ask({ group: groupOf(call), inviter: jid!, code, expiration: invitationSeconds(expiresAt) });
    },
  },
  'groups.revokeInvitations': changing('revoke'),
  'groups.joinRequests': {
    async present(call) {
      const { session, groupPeople, ask } = call;
      const group = groupOf(call);
      const { requests } = await ask({ group });
      const identities = await groupPeople.identitiesOf(session.workspaceId, requests);
      return {
        group,
        requests: requests.map(({ requestedAt, method }, at) => ({
          ...identities[at]!,
          requestedAt: isoOf(requestedAt),
          method: method ?? null,
        })),
      };
    },
  },
  'groups.approveJoinRequests': changing('approve'),
  'groups.rejectJoinRequests': changing('reject'),
  'communities.create': {
    async present({ request, ask }) {
      const { group } = await ask(request.body as InputOf<'communities.create'>);
      return { group: group.jid, subject: group.subject, community: group.community ?? null, participants: [] };
    },
  },
  'communities.groups': {
    async present(call) {
      const community = communityOf(call);
      return communityGroups(community, await call.ask({ community }));
    },
  },
  'communities.link': linking(),
  'communities.unlink': linking(),
};

function linking() {
  return {
    async present(call: GroupCall<'communities.link'> | GroupCall<'communities.unlink'>) {
      const community = communityOf(call);
      return communityGroups(community, await call.ask({ community, group: groupOf(call) }));
    },
  };
}
