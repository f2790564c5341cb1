/** One day, week or month. */
export interface PeriodRecord {
  /** Index in the given begins. */
  period: number;
  sent: number;
  received: number;
  failed: number;
  timed: number;
  averageMs: number | null;
  p50Ms: number | null;
  p95Ms: number | null;
}

export interface ContactRecord {
  chat: string;
  name: string | null;
  messages: number;
  sent: number;
  received: number;
}

export interface FailureRecord {
  code: string | null;
  reason: string | null;
  messages: number;
}

export interface KeyUsageRecord {
  keyId: string | null;
  name: string | null;
  requests: number;
}

export interface HistoryRecords {
  /** Only periods in which something happened. */
  periods: PeriodRecord[];
  topContacts: ContactRecord[];
  failures: FailureRecord[];
  keyUsage: KeyUsageRecord[];
}

/** How many chats and reasons are shown. */
export const TOP = 10;
export const MOST_REASONS = 20;
