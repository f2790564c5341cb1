import type { Principal } from '../../principal.ts';

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
