/** What a dashboard is about. */
export interface DashboardScope {
  /** null: the whole platform. */
  workspaceId: string | null;
  /** The owner of the workspace; null for the platform. */
  accountId: string | null;
  /** Only this session, for a session key. */
  sessionId: string | null;
  /**
   * Whether the account is the caller's own. Members of a workspace do not see its other workspaces, nor their callers.
   */
  isOwnAccount: boolean;
}

/** CTE `mine(id)`: the sessions of the scope; parameters $1 = workspace, $2 = session. */
export const MINE = `mine AS (
  SELECT id FROM sessions WHERE ($1::uuid IS NULL OR workspace_id = $1) AND ($2::uuid IS NULL OR id = $2)
)`;

export const scopeValues = ({ workspaceId, sessionId }: DashboardScope): (string | null)[] => [workspaceId, sessionId];
