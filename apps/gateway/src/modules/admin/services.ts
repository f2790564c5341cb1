import type { AnalyticsService } from '../analytics/index.ts';
import type { SystemLog } from '../system-logs/index.ts';
import type { AllSessions } from './all-sessions.ts';
import type { UsersService } from './users.service.ts';

/** What administrators see and do beyond the workers. */
export interface AdministrationServices {
  users: UsersService;
  allSessions: AllSessions;
  analytics: AnalyticsService;
  systemLog: SystemLog;
}
