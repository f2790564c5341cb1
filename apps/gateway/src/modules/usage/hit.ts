import { SESSION_SLUG_PATTERN } from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { isUuid } from '../../http/uuid.ts';
import type { Principal } from '../../principal.ts';

/** What one request counts as, for the usage of an account. */
export interface Hit {
  /** `2026-01`. */
  month: string;
  accountId: string;
  keyId: string | null;
  /** Known by its key ... */
  sessionId: string | null;
  /** ... or as the path names it, in this workspace. Found when the hits are moved: a request does not wait for it. */
  path: { workspaceId: string; slug: string } | null;
}

const SEPARATOR = '|';
const SLUG = new RegExp(SESSION_SLUG_PATTERN);
const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/;

let month = '';
let monthEndsAt = 0;

function currentMonth(): string {
  const now = Date.now();
  if (now >= monthEndsAt) {
    const date = new Date(now);
    month = date.toISOString().slice(0, 7);
    monthEndsAt = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
  }
  return month;
}

/** The field under which Redis counts a request. */
export function hitOf(request: FastifyRequest, principal: Principal): string {
  const isKey = principal.kind === 'key';
  const start = `${currentMonth()}|${principal.accountId}|${isKey ? principal.keyId : ''}|`;
  if (isKey && principal.session) return `${start}${principal.session.id}||`;
  if (request.routeOptions.url?.includes('/sessions/:id')) {
    const slug = (request.params as { id: string }).id;
    if (SLUG.test(slug)) return `${start}|${principal.workspaceId}|${slug}`;
  }
  return `${start}||`;
}

const isIdOrNothing = (text: string): boolean => text === '' || isUuid(text);

/** Parses a field; null for a field of another shape. */
export function parseHit(field: string): Hit | null {
  const parts = field.split(SEPARATOR);
  const [monthOf = '', accountId = '', keyId = '', sessionId = '', workspaceId = '', slug = ''] = parts;
  if (parts.length !== 6 || !MONTH.test(monthOf) || !isUuid(accountId)) return null;
  if (![keyId, sessionId, workspaceId].every(isIdOrNothing)) return null;
  return {
    month: monthOf,
    accountId,
    keyId: keyId || null,
    sessionId: sessionId || null,
    path: workspaceId ? { workspaceId, slug } : null,
  };
}
