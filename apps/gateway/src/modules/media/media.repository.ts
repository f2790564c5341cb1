import type { ListMediaQuery } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';
import { MEDIA_COLUMNS, MEDIA_TABLES, type MediaRow } from '@wa-gate/messaging';
import type { Reach } from '../sessions/index.ts';

/** A media with the name of its session. */
export interface MediaRecord extends MediaRow {
  slug: string | null;
}

export interface MediaFilter {
  direction?: ListMediaQuery['direction'] | undefined;
  status?: ListMediaQuery['status'] | undefined;
  /** Only those that were made before this one. */
  before?: string | undefined;
}

export interface MediaRepository {
  /** A media that the caller may see. */
  find(reach: Reach, id: string): Promise<MediaRecord | null>;
  /** A media by its id alone, for a caller with a signature. */
  findAnywhere(id: string): Promise<MediaRecord | null>;
  /** Newest first. */
  list(reach: Reach, filter: MediaFilter, limit: number): Promise<MediaRecord[]>;
  /** The media of a message, in the order of their making. */
  ofMessage(messageId: string): Promise<MediaRecord[]>;
}

const SELECT = `SELECT ${MEDIA_COLUMNS}, s.slug FROM ${MEDIA_TABLES} LEFT JOIN sessions s ON s.id = m.session_id`;
/** Of a deleted session nothing is seen any more, while its files are being erased. */
const IS_THERE = '(m.session_id IS NULL OR s.id IS NOT NULL)';
/** What a session key sees is its session's; nothing of the workspace. */
const WITHIN = `m.workspace_id = $1 AND ($2::uuid IS NULL OR m.session_id = $2) AND ${IS_THERE}`;

const FIND = { name: 'find-visible-media', text: `${SELECT} WHERE m.id = $3 AND ${WITHIN}` };
const ANYWHERE = {
  name: 'find-media-anywhere',
  text: `${SELECT} JOIN workspaces w ON w.id = m.workspace_id WHERE m.id = $1 AND ${IS_THERE}`,
};
const LIST = {
  name: 'list-media',
  text: `${SELECT} WHERE ${WITHIN} AND ($3::text IS NULL OR m.direction = $3) AND ($4::text IS NULL OR m.status = $4)
    AND ($5::uuid IS NULL OR m.id < $5) ORDER BY m.id DESC LIMIT $6`,
};
const OF_MESSAGE = { name: 'list-media-of-message', text: `${SELECT} WHERE m.message_id = $1 ORDER BY m.id` };

export function createMediaRepository(db: Queryable): MediaRepository {
  return {
    async find({ workspaceId, sessionId }, id) {
      const { rows } = await db.query<MediaRecord>({ ...FIND, values: [workspaceId, sessionId ?? null, id] });
      return rows[0] ?? null;
    },
    async findAnywhere(id) {
      const { rows } = await db.query<MediaRecord>({ ...ANYWHERE, values: [id] });
      return rows[0] ?? null;
    },
    async list({ workspaceId, sessionId }, { direction, status, before }, limit) {
      const { rows } = await db.query<MediaRecord>({
        ...LIST,
        values: [workspaceId, sessionId ?? null, direction ?? null, status ?? null, before ?? null, limit],
      });
      return rows;
    },
    async ofMessage(messageId) {
      const { rows } = await db.query<MediaRecord>({ ...OF_MESSAGE, values: [messageId] });
      return rows;
    },
  };
}
