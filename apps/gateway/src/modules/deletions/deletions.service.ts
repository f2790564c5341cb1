import type { Deletion } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { findDeletion } from '@wa-gate/messaging';
import { ApiError } from '../../http/api-error.ts';
import { isUuid } from '../../http/uuid.ts';
import type { Principal } from '../../principal.ts';

/** How far deletions are. */
export interface DeletionsService {
  /**
   * One of the caller's workspace, or that the caller has asked for; an administrator sees all.
   *
   * @throws {ApiError} DELETION_NOT_FOUND
   */
  get(principal: Principal, id: string): Promise<Deletion>;
}

export function createDeletionsService({ db }: { db: Queryable }): DeletionsService {
  return {
    async get({ workspaceId, userId, isAdministrator }, id) {
      const found = isUuid(id) && (await findDeletion(db, id, isAdministrator ? null : { workspaceId, userId }));
      if (!found) throw new ApiError('DELETION_NOT_FOUND');
      return {
        deletionId: found.id,
        kind: found.kind,
        resourceId: found.kind === 'session' ? found.name : found.subject,
        state: found.state,
        rowsErased: found.rowsDeleted,
        requestedAt: found.createdAt.toISOString(),
        removedAt: found.removedAt?.toISOString() ?? null,
        doneAt: found.doneAt?.toISOString() ?? null,
      };
    },
  };
}
