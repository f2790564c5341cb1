import { type Group, type GroupDetail, type Identity, LIMITS, type ListGroupsResultSchema } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { readIdentities } from '@wa-gate/messaging';
import type { Static } from 'typebox';
import { ApiError } from '../../http/api-error.ts';
import type { SessionRef } from '../../principal.ts';
import type { GroupRecord, GroupsRepository } from './groups.repository.ts';

export interface ListGroupsQuery {
  page?: number;
  limit?: number;
  search?: string;
  community?: string;
  all?: boolean;
  maxAgeSeconds?: number;
}

/** Has the owner of the session ask WhatsApp, and store what it says. */
type Refresh = () => Promise<unknown>;

export interface GroupsService {
  /** @throws {ApiError} of `refresh`, when the groups were never read */
  list(session: SessionRef, query: ListGroupsQuery, refresh: Refresh): Promise<Static<typeof ListGroupsResultSchema>>;
  /** @throws {ApiError} of `refresh` */
  get(session: SessionRef, jid: string, maxAgeSeconds: number | undefined, refresh: Refresh): Promise<GroupDetail>;
}

const DEFAULT_AGE_SECONDS = 86_400;

export function createGroupsService({ db, groups }: { db: Queryable; groups: GroupsRepository }): GroupsService {
  async function present(session: SessionRef, records: readonly GroupRecord[]): Promise<Group[]> {
    const owners = records.map(({ facts }) => facts.owner);
    const identities = await readIdentities(
      db,
      { workspaceId: session.workspaceId },
      owners.filter((owner) => owner !== undefined),
    );
    return records.map((record) => presentGroup(session, record, record.facts.owner ? identities.shift()! : null));
  }

  return {
    async list(
      session,
      { page = 1, limit = LIMITS.pageDefault, search, community, all = false, maxAgeSeconds },
      refresh,
    ) {
      const before = await groups.listAge(session.id);
      const isTooOld = before.readAt === null || before.ageSeconds >= (maxAgeSeconds ?? DEFAULT_AGE_SECONDS);
      const isStale = isTooOld && !(await refreshed(refresh, before.isKnown));
      const filter = { search, community: community && jidOfGroup(community), isAll: all };
      const found = await groups.list(session.id, filter, { limit, offset: (page - 1) * limit });
      const { readAt } = isTooOld ? await groups.listAge(session.id) : before;
      return {
        groups: await present(session, found.groups),
        pagination: { total: found.total, page, limit, totalPages: Math.ceil(found.total / limit) },
        asOf: readAt?.toISOString() ?? null,
        isStale,
      };
    },
    async get(session, jid, maxAgeSeconds = DEFAULT_AGE_SECONDS, refresh) {
      const known = await groups.find(session.id, jid);
      const isFresh = known && (!known.isMember || (!known.isStale && known.ageSeconds < maxAgeSeconds));
      if (!isFresh) await refresh();
      const record = isFresh ? known : await groups.find(session.id, jid);
      if (!record) throw new ApiError('WA_NOT_FOUND', { message: 'WhatsApp has not described this group.' });
      const [group] = await present(session, [record]);
      const people = record.facts.participants;
      const identities = await readIdentities(db, { workspaceId: session.workspaceId }, people);
      return { ...group!, participants: people.map(({ role }, at) => ({ ...identities[at]!, role })) };
    },
  };
}

/** The name that WhatsApp has for a group that is given with or without `@g.us`. */
export const jidOfGroup = (group: string): string => (group.includes('@') ? group : `${group}@g.us`);

/** @returns false when WhatsApp could not be asked and there is something older to show */
async function refreshed(refresh: Refresh, isKnown: boolean): Promise<boolean> {
  try {
    await refresh();
    return true;
  } catch (error) {
    if (isKnown && error instanceof ApiError) return false;
    throw error;
  }
}

function presentGroup(session: SessionRef, record: GroupRecord, owner: Identity | null): Group {
  const { facts, isMember, role, readAt, ageSeconds } = record;
  const { jid, subject, description, createdAt, community, isCommunity, isAnnouncements, size } = facts;
  const { onlyAdminsSend, onlyAdminsEdit, onlyAdminsAdd, joinApproval, disappearingSeconds } = facts;
  return {
    group: jid,
    sessionId: session.slug,
    subject,
    description,
    owner,
    createdAt: createdAt === undefined ? null : new Date(createdAt * 1_000).toISOString(),
    isMember,
    role: isMember ? role : null,
    participantCount: size,
    onlyAdminsSend,
    onlyAdminsEdit,
    onlyAdminsAdd,
    joinApproval,
    disappearingSeconds,
    community: community ?? null,
    isCommunity,
    isAnnouncements,
    asOf: readAt.toISOString(),
    ageSeconds,
  };
}
