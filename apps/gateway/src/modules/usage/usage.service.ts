import {
  type AdminUsageQuery,
  type AdminUsageRecord,
  LIMITS,
  USAGE_GROUPS,
  type UsageGroup,
  type UsageQuery,
  type UsageRecord,
} from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { Principal } from '../../principal.ts';
import type { UsageCounts, UsageFilter, UsageRepository, UsageRow } from './usage.repository.ts';

export interface UsageReport<Row> {
  from: string;
  to: string;
  groupBy: UsageGroup[];
  records: Row[];
  totals: UsageCounts;
}

export interface AdminUsageReport extends UsageReport<AdminUsageRecord> {
  pagination: { total: number; page: number; limit: number; totalPages: number };
}

/** What accounts have used: requests, and messages. */
export interface UsageService {
  /** What the caller may see: the owner all of the account, others their workspace, a session key its session. */
  own(principal: Principal, query: UsageQuery): Promise<UsageReport<UsageRecord>>;
  /** Of all accounts, page by page. With `isWhole` all pages in one, as far as that is sensible. */
  all(query: AdminUsageQuery, options: { isWhole: boolean }): Promise<AdminUsageReport>;
}

const MAX_MONTHS = 36;
/** More would be no report any more. */
const MAX_ROWS = 50_000;

const monthNumber = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5));
const currentMonth = (): string => new Date().toISOString().slice(0, 7);

function periodOf({ month, from, to }: UsageQuery): { from: string; to: string } {
  if (month !== undefined && (from !== undefined || to !== undefined)) {
    throw new ApiError('VALIDATION', { message: 'Give `month`, or `from` and `to`, not both.' });
  }
  const last = month ?? to ?? [currentMonth(), from ?? ''].sort().at(-1)!;
  const first = month ?? from ?? last;
  const months = monthNumber(last) - monthNumber(first) + 1;
  if (months < 1) throw new ApiError('VALIDATION', { message: '`from` must not be later than `to`.' });
  if (months > MAX_MONTHS) throw new ApiError('VALIDATION', { message: `At most ${MAX_MONTHS} months at a time.` });
  return { from: first, to: last };
}

function groupsOf({ groupBy = 'month' }: UsageQuery): UsageGroup[] {
  const asked = groupBy.split(',');
  return USAGE_GROUPS.filter((group) => asked.includes(group));
}

type Scope = Pick<UsageFilter, 'accountId' | 'workspaceId' | 'sessionId'>;

function scopeOf(principal: Principal): Scope {
  const { accountId } = principal;
  if (principal.kind === 'key' && principal.session) {
    return { accountId, workspaceId: null, sessionId: principal.session.id };
  }
  const isOwner = principal.kind === 'user' && principal.userId === accountId;
  return { accountId, workspaceId: isOwner ? null : principal.workspaceId, sessionId: null };
}

function presentRecord(row: UsageRow): UsageRecord {
  const { month, sessionId, slug, sessionName, keyId, keyName, hits, messagesSent, messagesReceived } = row;
  return { month, sessionId: slug ?? sessionId, sessionName, keyId, keyName, hits, messagesSent, messagesReceived };
}

const presentAccountRecord = (row: UsageRow): AdminUsageRecord => ({
  userId: row.userId ?? '',
  email: row.email ?? '',
  tier: row.tier ?? '',
  ...presentRecord(row),
});

export function createUsageService({ usage }: { usage: UsageRepository }): UsageService {
  return {
    async own(principal, query) {
      const period = periodOf(query);
      const groups = groupsOf(query);
      const page = { byAccount: false, skip: 0, take: MAX_ROWS };
      const { rows, totals } = await usage.read({ ...period, ...scopeOf(principal), groups, ...page });
      return { ...period, groupBy: groups, records: rows.map(presentRecord), totals };
    },
    async all(query, { isWhole }) {
      const { userId, page = 1, limit = LIMITS.pageDefault } = query;
      const period = periodOf(query);
      const groups = groupsOf(query);
      // An account that cannot be there has used nothing.
      const accountId = userId === undefined || isUuid(userId) ? (userId ?? null) : NOBODY;
      const slice = isWhole ? { skip: 0, take: MAX_ROWS } : { skip: (page - 1) * limit, take: limit };
      const scope = { accountId, workspaceId: null, sessionId: null };
      const { rows, total, totals } = await usage.read({ ...period, ...scope, groups, byAccount: true, ...slice });
      return {
        ...period,
        groupBy: groups,
        records: rows.map(presentAccountRecord),
        totals,
        pagination: { total, page, limit, totalPages: Math.ceil(total / limit) },
      };
    },
  };
}

const NOBODY = '00000000-0000-0000-0000-000000000000';
