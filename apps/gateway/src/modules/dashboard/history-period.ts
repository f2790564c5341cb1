import type { HistoryUnit } from '@wa-gate/contracts';

/** How many of a unit a history tells of, the present one included. */
const LENGTH: Record<HistoryUnit, number> = { day: 30, week: 12, month: 12 };
const DAY_MS = 86_400_000;

/** The begins of the days, weeks or months (in UTC, weeks from Monday) that a history tells of, oldest first. */
export function periodOf(unit: HistoryUnit, now: Date): Date[] {
  const year = now.getUTCFullYear();
  const month = now.getUTCMonth();
  const today = Date.UTC(year, month, now.getUTCDate());
  const monday = today - ((now.getUTCDay() + 6) % 7) * DAY_MS;
  const begin = (ago: number): number => {
    if (unit === 'month') return Date.UTC(year, month - ago, 1);
    return unit === 'week' ? monday - ago * 7 * DAY_MS : today - ago * DAY_MS;
  };
  return Array.from({ length: LENGTH[unit] }, (_, index) => new Date(begin(LENGTH[unit] - 1 - index)));
}
