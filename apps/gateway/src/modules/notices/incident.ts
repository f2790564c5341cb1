import type { MessageCapping, NoticeKind } from '@wa-gate/contracts';
import type { SessionState } from '@wa-gate/db';

/** What is known of the session of an incident now. */
export interface IncidentSession {
  slug: string;
  name: string;
  state: SessionState;
  stateReason: string | null;
  lockedUntil: Date | null;
  capping: MessageCapping | null;
  /** The webhook that the incident is about. */
  webhook: { url: string; isPrimary: boolean } | null;
}

/** What was observed besides, when the incident began. */
export interface IncidentDetails {
  network?: 'live' | 'sandbox';
  /** How many are concerned. */
  sessions?: number;
  /** The risk score, and the heaviest of its reasons. */
  score?: number;
  reasons?: string[];
}

export interface Incident extends IncidentSession {
  id: string;
  kind: NoticeKind;
  subject: string;
  workspaceId: string | null;
  sessionId: string | null;
  details: IncidentDetails;
  beganAt: Date;
  toldAt: Date | null;
  mails: number;
  endedAt: Date | null;
  isResolved: boolean;
}

/** Columns of an {@link Incident} from {@link INCIDENT_TABLES}. */
export const INCIDENT_COLUMNS = `i.id, i.kind, i.subject, i.workspace_id AS "workspaceId", i.session_id AS "sessionId", i.details,
  i.began_at AS "beganAt", i.told_at AS "toldAt", i.mails, i.ended_at AS "endedAt", i.is_resolved AS "isResolved",
  s.slug, s.name, s.state, s.state_reason AS "stateReason", s.reachout_locked_until AS "lockedUntil",
  s.message_capping AS capping, CASE WHEN i.kind IN ('webhook_off', 'webhook_down') THEN (SELECT json_build_object('url', w.url,
    'isPrimary', w.session_id IS NOT NULL) FROM webhooks w WHERE w.id = i.subject::uuid) END AS webhook`;

export const INCIDENT_TABLES = 'incidents i LEFT JOIN sessions s ON s.id = i.session_id';
