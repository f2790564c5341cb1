import type { MessageCapping } from '@wa-gate/contracts';
import type { Restriction } from '@wa-gate/messaging';

/** A time-lock as Baileys reports it (`connection.update`): whether the account may begin new chats. */
export interface TimeLockUpdate {
  isActive?: boolean;
  timeEnforcementEnds?: Date;
  enforcementType?: string;
}

/** Milliseconds of a lock without an end; the web client of WhatsApp assumes a minute. */
const UNSAID_MS = 60_000;

/** `null`: there is no lock. */
export function readTimeLock(update: TimeLockUpdate, now: number): Restriction | null {
  if (!update.isActive) return null;
  const said = update.timeEnforcementEnds;
  const until = said && Number.isFinite(said.getTime()) ? said : new Date(now + UNSAID_MS);
  return { type: update.enforcementType ?? 'DEFAULT', until };
}

const CAPPING: Readonly<Record<string, MessageCapping['status']>> = {
  FIRST_WARNING: 'first_warning',
  SECOND_WARNING: 'second_warning',
  CAPPED: 'capped',
};

/** Reads the cap on new chats. Numbers may be strings, and times seconds or milliseconds. */
export function readCapping(info: Record<string, unknown>): MessageCapping {
  return {
    status: CAPPING[String(info.capping_status)] ?? 'none',
    used: count(info.used_quota),
    total: count(info.total_quota),
    cycleEndsAt: instant(info.cycle_end_timestamp),
  };
}

function count(value: unknown): number | null {
  const number = value === undefined || value === null || value === '' ? Number.NaN : Number(value);
  return Number.isInteger(number) && number >= 0 ? number : null;
}

/** The seconds of the year 5138. Greater values are milliseconds. */
const MAX_SECONDS = 1e11;

function instant(value: unknown): string | null {
  const number = count(value);
  if (!number) return null;
  return new Date(number < MAX_SECONDS ? number * 1000 : number).toISOString();
}
