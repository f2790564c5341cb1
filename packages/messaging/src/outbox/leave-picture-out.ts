import { FENCE_ONE, type Ownership } from '@wa-gate/cluster';
import type { OutboundRequest } from '@wa-gate/contracts';
import type { Queryable } from '@wa-gate/db';

/** Need not wait for the disk: without it the next attempt finds out anew. What has left has its bytes in the row. */
const LEAVE_OUT = {
  name: 'leave-preview-picture-out',
  text: `WITH ${FENCE_ONE}, relaxed AS MATERIALIZED (
    SELECT set_config('synchronous_commit', 'off', true)
  )
  UPDATE outbox o SET request = jsonb_set(o.request #- '{context,linkPreview,picture}', '{context,linkPreview,pictureRefusal}', $4::jsonb)
  FROM fence f CROSS JOIN relaxed
  WHERE o.message_id = $3 AND o.session_id = f.session_id AND o.state = 'SENDING' AND o.epoch = f.epoch AND o.payload IS NULL
    AND o.request #> '{context,linkPreview}' IS NOT NULL
  RETURNING o.request`,
};

/**
 * Takes the picture of its link preview out of a claimed text, and keeps why.
 *
 * @returns the request without it; `null`: the row is not this owner's to send any more
 */
export async function leavePreviewPictureOut(
  db: Queryable,
  owner: Ownership,
  messageId: string,
  { code, message, at }: { code: string; message: string; at: Date },
): Promise<OutboundRequest | null> {
  const refusal = JSON.stringify({ code, message, at: at.toISOString() });
  const values = [owner.sessionId, owner.epoch, messageId, refusal];
  const { rows } = await db.query<{ request: OutboundRequest }>({ ...LEAVE_OUT, values });
  return rows[0]?.request ?? null;
}
