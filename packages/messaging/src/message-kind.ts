import type { MessageTypeName } from '@wa-gate/contracts';
import { MessageType } from '@wa-gate/db';

/**
 * The type of a message for processes of the previous version: a word of their enum, `UNKNOWN` for a kind that came
 * later.
 */
export function previousTypeOf(kind: MessageTypeName): MessageType {
  const word = kind.toUpperCase();
  return word in MessageType ? (word as MessageType) : 'UNKNOWN';
}

/**
 * SQL: what message `m` is, as text. Rows from before the column `kind` say it in `type`, and so does a stub that the
 * previous version has filled in: it leaves `kind` at `unknown`.
 */
export const MESSAGE_KIND = `coalesce(nullif(m.kind, 'unknown'), lower(m.type::text))`;
