/** Whether the state proves that the last shown code was scanned. */
const IS_SCANNED = `$3::"SessionState" IN ('PAIRING', 'PASSKEY_REQUIRED', 'PASSKEY_CONFIRMATION_REQUIRED', 'CONNECTED')`;
const NO_NEW_CODE = 'NOT EXISTS (SELECT 1 FROM codes)';

/**
 * The part of the statement of a session state (session-state) for shown codes, from the new state $3 and the CTE
 * `new_events(session_id, type, data, id, ord)`. A new code ends the one before. The code itself is not stored, because
 * it is a secret while it is valid.
 */
export const QR_HISTORY = `codes AS (
    SELECT session_id, id, data, ord = max(ord) OVER () AS is_last FROM new_events WHERE type = 'qr.generated'
  ), ended AS (
    UPDATE qr_history h SET
      status = CASE WHEN ${IS_SCANNED} AND ${NO_NEW_CODE} THEN 'SCANNED' ELSE 'EXPIRED' END::"QrStatus",
      scanned_at = CASE WHEN ${IS_SCANNED} AND ${NO_NEW_CODE} THEN now() END
    FROM fence f WHERE h.session_id = f.session_id AND h.status = 'SHOWN'
      AND NOT ($3::"SessionState" = 'QR_REQUIRED' AND ${NO_NEW_CODE})
  ), shown AS (
    INSERT INTO qr_history (id, session_id, attempt, shown_at, expires_at, status, scanned_at)
    SELECT id, session_id, coalesce((data->>'attempt')::int, 1), now(), (data->>'expiresAt')::timestamptz,
      CASE WHEN NOT is_last THEN 'EXPIRED' WHEN ${IS_SCANNED} THEN 'SCANNED'
        WHEN $3::"SessionState" = 'QR_REQUIRED' THEN 'SHOWN' ELSE 'EXPIRED' END::"QrStatus",
      CASE WHEN is_last AND ${IS_SCANNED} THEN now() END
    FROM codes
  )`;
