/** The states, in their public words, that prove that the code shown before them was scanned. */
const SCANNED = `('pairing', 'passkey_required', 'passkey_confirmation_required', 'connected')`;

/**
 * SQL: what has become of a code. The first other state after it decides, which an event tells: while PostgreSQL is
 * slow, several states are written at once, and the last of them says nothing of what came between.
 *
 * @param from `ord` of the event of the code
 * @param until `ord` of the event of the next code, NULL: there is none
 */
const statusOf = (from: string, until: string): string => `(SELECT CASE WHEN state IN ${SCANNED} THEN 'SCANNED'
        WHEN state = 'qr_required' THEN 'SHOWN' ELSE 'EXPIRED' END::"QrStatus"
      FROM (SELECT coalesce(
        (SELECT t.state FROM told t WHERE t.ord > ${from} AND (${until} IS NULL OR t.ord < ${until}) ORDER BY t.ord LIMIT 1),
        CASE WHEN ${until} IS NULL THEN lower($3::"SessionState"::text) END) AS state) AS next)`;

/**
 * The part of the statement of a session state (session-state) for shown codes, from the new state $3 and the CTE
 * `new_events(session_id, type, data, id, ord)`. A new code ends the one before. The code itself is not stored, because
 * it is a secret while it is valid.
 */
export const QR_HISTORY = `told AS (
    SELECT ord, data->>'state' AS state FROM new_events WHERE type = 'session.status' AND data->>'state' <> 'qr_required'
  ), codes AS (
    SELECT session_id, id, data, ord, lead(ord) OVER (ORDER BY ord) AS next FROM new_events WHERE type = 'qr.generated'
  ), ended AS (
    UPDATE qr_history h SET status = before.status, scanned_at = CASE WHEN before.status = 'SCANNED' THEN now() END
    FROM fence f, (SELECT ${statusOf('0', 'first.ord')} AS status FROM (SELECT min(ord) AS ord FROM codes) AS first) AS before
    WHERE h.session_id = f.session_id AND h.status = 'SHOWN' AND before.status <> 'SHOWN'
  ), shown AS (
    INSERT INTO qr_history (id, session_id, attempt, shown_at, expires_at, status, scanned_at)
    SELECT id, session_id, coalesce((data->>'attempt')::int, 1), now(), (data->>'expiresAt')::timestamptz,
      status, CASE WHEN status = 'SCANNED' THEN now() END
    FROM (SELECT c.*, ${statusOf('c.ord', 'c.next')} AS status FROM codes c) AS code
  )`;
