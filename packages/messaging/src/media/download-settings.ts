/**
 * SQL condition: a session with these settings fetches a received file of this type and size at its arrival. Without
 * the setting everything is fetched. A size that the sender does not tell counts as allowed.
 */
export const isFetchedAtArrival = (settings: string, type: string, size: string): string => `(
  CASE jsonb_typeof(${settings}->'mediaDownload'->'auto')
    WHEN 'boolean' THEN (${settings}->'mediaDownload'->'auto')::bool
    WHEN 'array' THEN ${settings}->'mediaDownload'->'auto' ? ${type}
    ELSE true END
  AND coalesce(${size} <= (${settings}->'mediaDownload'->>'maxBytes')::bigint, true))`;
