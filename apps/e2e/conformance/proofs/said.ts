import { waitFor } from '../../harness/wait-for.ts';
import type { ProofWorld } from './proof.ts';

/** A message, by our id and by that of WhatsApp. */
export interface Said {
  messageId: string;
  id: string;
}

/** A text of the other side. */
export async function said({ system, session, friend }: ProofWorld, text: string): Promise<Said> {
  const { id } = await system.sandbox.sendText(friend.number, session.phone.number, text);
  const found = await waitFor(
    async () => (await session.api.messages(session.sessionId)).find(({ waMessageId }) => waMessageId === id),
    { what: `${text} in the list` },
  );
  return { messageId: found.id, id };
}
