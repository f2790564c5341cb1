import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { Account } from '../../accounts/account.ts';
import type { Group as GroupChat } from '../../accounts/group.ts';
import { unixSeconds } from '../../clock.ts';
import { SandboxError } from '../../errors.ts';
import type { ServerContext } from '../../server/context.ts';
import {
  Group,
  GroupChange,
  GroupCreate,
  GroupParams,
  Invitation,
  InvitedPhone,
  InvitePerson,
  JoinByLink,
  JoinResult,
  ParticipantResults,
  ParticipantsChange,
  Refusal,
} from '../schemas.ts';
import { groupView } from '../views.ts';

const tags = ['groups'];

/** Groups: create and change them on behalf of the phones of members. */
export const groupRoutes: FastifyPluginAsyncTypebox<{ context: ServerContext }> = async (app, { context }) => {
  const { directory, groups, groupActions } = context;
  const actorOf = (group: GroupChat, by: string | undefined): Account => {
    const actor = directory.get(by ?? group.creator);
    if (group.members.has(actor.number)) return actor;
    throw new SandboxError(
      403,
      'NOT_A_MEMBER',
      `Phone ${actor.number} is not a member of ${group.jid}; name one in field \`by\`.`,
    );
  };

  app.post(
    '/groups',
    { schema: { tags, summary: 'A phone creates a group', body: GroupCreate, response: { 201: Group, 404: Refusal } } },
    async (request, reply) => {
      const { owner, subject, participants, addressing = 'lid', hidesNumbers = false } = request.body;
      const members = participants.map((number) => directory.get(number));
      const group = groupActions.create(directory.get(owner), subject, members, addressing, { hidesNumbers });
      return reply.code(201).send(groupView(directory, group));
    },
  );

  app.get(
    '/groups',
    { schema: { tags, summary: 'All groups', response: { 200: Type.Object({ groups: Type.Array(Group) }) } } },
    async () => ({
      groups: groups.all().map((group) => groupView(directory, group)),
    }),
  );

  app.get(
    '/groups/:id',
    { schema: { tags, summary: 'One group', params: GroupParams, response: { 200: Group, 404: Refusal } } },
    async (request) => groupView(directory, groups.get(request.params.id)),
  );

  app.patch(
    '/groups/:id',
    {
      schema: {
        tags,
        summary: 'A member changes subject, description or settings',
        params: GroupParams,
        body: GroupChange,
        response: { 200: Group, 403: Refusal, 404: Refusal },
      },
    },
    async (request) => {
      const group = groups.get(request.params.id);
      const { by, subject, description, announce, locked, ephemeralSeconds, joinApproval, memberAddMode, picture } =
        request.body;
      const actor = actorOf(group, by);
      if (subject !== undefined) groupActions.setSubject(group, actor, subject);
      if (description !== undefined) groupActions.setDescription(group, actor, description);
      groupActions.configure(group, actor, {
        ...(announce === undefined ? {} : { announce }),
        ...(locked === undefined ? {} : { locked }),
        ...(ephemeralSeconds === undefined ? {} : { ephemeralSeconds }),
        ...(joinApproval === undefined ? {} : { joinApproval }),
        ...(memberAddMode === undefined ? {} : { memberAddMode }),
      });
      if (picture !== undefined) {
        const path = picture === null ? null : await context.media.put(Buffer.from(picture, 'base64'));
        groupActions.setPicture(group, actor, path === null ? null : { id: String(unixSeconds()), path });
      }
      return groupView(directory, group);
    },
  );

  app.post(
    '/groups/:id/join',
    {
      schema: {
        tags,
        summary: 'A phone uses the link of the group',
        params: GroupParams,
        body: JoinByLink,
        response: { 200: JoinResult, 404: Refusal },
      },
    },
    async (request) => {
      const isMember = groupActions.join(groups.get(request.params.id), directory.get(request.body.number));
      return { isMember };
    },
  );

  app.post(
    '/groups/:id/invitations',
    {
      schema: {
        tags,
        summary: 'WhatsApp offers a member, the creator by default, to invite a phone that cannot be added',
        params: GroupParams,
        body: InvitePerson,
        response: { 201: Invitation, 403: Refusal, 404: Refusal },
      },
    },
    async (request, reply) => {
      const group = groups.get(request.params.id);
      const { number, by, seconds } = request.body;
      const { expiresAt, ...made } = groupActions.invite(group, actorOf(group, by), directory.get(number), seconds);
      return reply.code(201).send({ ...made, expiresAt: new Date(expiresAt * 1_000).toISOString() });
    },
  );

  app.post(
    '/groups/:id/invitations/accept',
    {
      schema: {
        tags,
        summary: 'A phone accepts its invitation',
        params: GroupParams,
        body: InvitedPhone,
        response: { 200: JoinResult, 404: Refusal, 409: Refusal },
      },
    },
    async (request) => {
      const group = groups.get(request.params.id);
      const account = directory.get(request.body.number);
      const offered = group.invitations.get(account.number);
      const by = offered && directory.find(offered.by);
      const given = { code: offered?.code ?? '', by, expiresAt: offered?.expiresAt ?? 0 };
      const accepted = groupActions.accept(group, account, given);
      if (typeof accepted !== 'string') return accepted;
      const sentence = `WhatsApp refuses it with ${accepted}: phone ${account.number} has no invitation that counts, or is a member.`;
      throw new SandboxError(409, 'NOT_INVITED', sentence);
    },
  );

  app.post(
    '/groups/:id/invitations/revoke',
    {
      schema: {
        tags,
        summary: 'The invitation of a phone is taken back',
        params: GroupParams,
        body: InvitedPhone,
        response: { 200: ParticipantResults, 404: Refusal },
      },
    },
    async (request) => {
      const { number } = request.body;
      const results = groupActions.revokeInvitations(groups.get(request.params.id), [directory.get(number)]);
      return { participants: results.map(({ error }) => ({ number, error })) };
    },
  );

  app.post(
    '/groups/:id/invite/revoke',
    {
      schema: {
        tags,
        summary: 'Its creator replaces the link of the group',
        params: GroupParams,
        response: { 200: Group, 403: Refusal, 404: Refusal },
      },
    },
    async (request) => {
      const group = groups.get(request.params.id);
      groupActions.renewInvite(group, actorOf(group, undefined));
      return groupView(directory, group);
    },
  );

  app.post(
    '/groups/:id/participants',
    {
      schema: {
        tags,
        summary: 'A member adds, removes, promotes or demotes others, or members leave',
        params: GroupParams,
        body: ParticipantsChange,
        response: { 200: ParticipantResults, 403: Refusal, 404: Refusal },
      },
    },
    async (request) => {
      const group = groups.get(request.params.id);
      const { by, action, participants } = request.body;
      const targets = participants.map((number) => directory.get(number));
      if (action === 'leave') {
        for (const account of targets) groupActions.leave(group, account);
        return { participants: participants.map((number) => ({ number, error: null })) };
      }
      const results = groupActions.changeMembers(group, actorOf(group, by), action, targets);
      return { participants: results.map(({ error }, i) => ({ number: participants[i]!, error })) };
    },
  );
};
