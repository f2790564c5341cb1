import { type ChangeRequest, LIMITS } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import { type ChangeTarget, findChangeTarget, type OutboxItem, type OutboxRequest } from '@wa-gate/messaging';
import { buildChange } from '../content/change-builders.ts';
import { encodeMessage, messageSecret } from '../content/outbound.ts';
import type { proto } from '../whatsapp/baileys.ts';
import { SendRefusedError } from '../whatsapp/errors.ts';
import { MESSAGE_DELETED, MESSAGE_NOT_SENT, type Refusal } from './refusals.ts';
import type { SendWindow } from './send-window.ts';

/** A row of the outbox that was sent. */
export interface SentRow {
  waMessageId: string;
  request: OutboxRequest;
  payload: Buffer | null;
}

export interface ChangeBytesDependencies {
  pool: Pool;
  /** What the secrets inside messages are derived from. */
  messageKey: Uint8Array;
  /** A message that was sent from here, where its bytes are kept or can be made again. */
  remade: (row: SentRow) => proto.IMessage | undefined;
}

/**
 * The bytes of a change, made from the message that it changes, as that is now.
 *
 * @throws {SendRefusedError} what was true when the change was accepted is not any more, or WhatsApp would refuse it
 * @throws {UnbuildableChangeError}
 */
export async function changeBytes(
  { pool, messageKey, remade }: ChangeBytesDependencies,
  { connection, owner }: Pick<SendWindow, 'connection' | 'owner'>,
  { waMessageId, chatJid, changeOf }: OutboxItem,
  request: ChangeRequest,
): Promise<Buffer> {
  const target = await findChangeTarget(pool, owner.sessionId, changeOf!);
  refuseOutdated(request, target);
  const facts = await connection.chat(chatJid);
  if (request.change === 'revoke' && !target.fromMe && facts.isAdmin === false)
    throw new SendRefusedError(
      'NOT_GROUP_ADMIN',
      'Only administrators of the group can delete messages of others, and this account is none. Nothing was sent.',
    );
  const { payload, request: asked } = target;
  const sent = asked ? remade({ waMessageId: target.waMessageId, payload, request: asked }) : undefined;
  const secretOf = (id: string) => messageSecret(messageKey, owner.sessionId, id);
  // What was sent from here has a secret that is derived; the phone and others have made theirs.
  const secrets = {
    target: target.secret ?? (asked ? secretOf(target.waMessageId) : null),
    own: secretOf(waMessageId),
  };
  const given = { facts, sent: sent ?? null, at: Date.now(), secrets };
  return encodeMessage(buildChange(request, target, chatJid, given));
}

/** @throws {SendRefusedError} */
function refuseOutdated({ change }: ChangeRequest, target: ChangeTarget | null): asserts target is ChangeTarget {
  if (!target || target.isDeleted) throw refused(MESSAGE_DELETED);
  if (target.state === 'FAILED' || target.state === 'UNKNOWN') throw refused(MESSAGE_NOT_SENT);
  const seconds = change === 'edit' ? LIMITS.editSeconds : change === 'revoke' ? LIMITS.revokeSeconds : undefined;
  if (seconds === undefined || target.at === null || Date.now() < target.at.getTime() + seconds * 1_000) return;
  throw new SendRefusedError(
    'CHANGE_TOO_LATE',
    'Its turn came later than WhatsApp allows: an edit within 15 minutes after the message, a deletion within 60 hours.',
  );
}

const refused = ({ code, sentence }: Refusal) => new SendRefusedError(code, sentence);
