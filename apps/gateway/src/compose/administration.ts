import type { AdministrationServices } from '../modules/admin/index.ts';
import { createAllSessions, createUsersRepository, createUsersService } from '../modules/admin/index.ts';
import { createAnalyticsService, createStatisticsRepository } from '../modules/analytics/index.ts';
import { createSessionRemover, type SessionRemover } from '../modules/live/index.ts';
import type { SessionsService } from '../modules/sessions/index.ts';
import { createSystemLog } from '../modules/system-logs/index.ts';
import type { WorkerAdministration } from '../modules/workers/index.ts';
import type { Revocations } from '../revocations/revocations.ts';
import type { OwnerLink } from '../worker-links/owner-link.ts';
import { createUnlinker } from '../worker-links/unlinker.ts';
import type { Resources } from './resources.ts';

export interface AdministrationParts {
  revocations: Revocations;
  remover: SessionRemover;
  fleet: WorkerAdministration;
}

export function composeAdministration(
  { pool }: Resources,
  parts: AdministrationParts,
): { services: AdministrationServices } {
  const { revocations, remover, fleet } = parts;
  const services: AdministrationServices = {
    users: createUsersService({ pool, users: createUsersRepository(pool), revocations, remover }),
    allSessions: createAllSessions(pool),
    analytics: createAnalyticsService({ statistics: createStatisticsRepository(pool), fleet }),
    systemLog: createSystemLog({ db: pool }),
  };
  return { services };
}

/** For deletions of many sessions at once. */
export function composeRemover(
  { logger }: Resources,
  { owner, sessions }: { owner: OwnerLink; sessions: SessionsService },
): SessionRemover {
  const unlinker = createUnlinker({ owner, logger });
  return createSessionRemover({ unlinker, sessions });
}
