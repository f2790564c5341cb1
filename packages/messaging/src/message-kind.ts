import type { MessageTypeName } from '@wa-gate/contracts';
import { MessageType } from '@wa-gate/db';

/** What processes of the previous version read as the type of a message: a word of their enum, `UNKNOWN` for a kind that came later. */
export function previousTypeOf(kind: MessageTypeName): MessageType {
  const word = kind.toUpperCase();
  return word in MessageType ? (word as MessageType) : 'UNKNOWN';
}

/** SQL: what message `m` is, as text. Rows from before the column `kind` say it in `type`. */
export const MESSAGE_KIND = `coalesce(m.kind, lower(m.type::text))`;
