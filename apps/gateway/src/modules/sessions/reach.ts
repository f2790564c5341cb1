import type { Principal } from '../../principal.ts';
import type { SessionDirectory } from './session-directory.ts';

/** Which sessions a list is about: all of a workspace, or one of them. */
export interface Reach {
  workspaceId: string;
  sessionId?: string | undefined;
}

/** Everything that a caller may see: a session key sees its session, everybody else the workspace. */
export const reachOf = (principal: Principal): Reach => ({
  workspaceId: principal.workspaceId,
  sessionId: principal.kind === 'key' ? principal.session?.id : undefined,
});

/**
 * The session that a request names, else everything that its caller may see.
 *
 * @throws {ApiError} SESSION_NOT_FOUND
 */
export async function reachInto(
  directory: Pick<SessionDirectory, 'resolve'>,
  principal: Principal,
  sessionId: string | undefined,
): Promise<Reach> {
  if (sessionId === undefined) return reachOf(principal);
  const { id, workspaceId } = await directory.resolve(principal, sessionId);
  return { workspaceId, sessionId: id };
}
