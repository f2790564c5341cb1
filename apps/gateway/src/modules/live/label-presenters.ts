import type { PresentedOperationName } from '@wa-gate/contracts';
import { refuseUnsent } from './message-references.ts';
import type { LiveCall, Presenter } from './presenter.ts';

type LabelOperationName = Extract<PresentedOperationName, `labels.${string}`>;

/** What the gateway makes of operations with labels: how WhatsApp names the chat or the message. */
export const LABEL_PRESENTERS: { [N in LabelOperationName]: Presenter<N> } = {
  'labels.assignChat': { present: onChat },
  'labels.unassignChat': { present: onChat },
  'labels.assignMessage': { present: onMessage },
  'labels.unassignMessage': { present: onMessage },
};

async function onChat(call: LiveCall<'labels.assignChat'> | LiveCall<'labels.unassignChat'>) {
  const { request, session, references, ask } = call;
  const { label, chat: given } = request.params as { label: string; chat: string };
  const { chat } = await references.chatOf(session, given);
  await ask({ label, chat });
  return { labelId: label, chat };
}

async function onMessage(call: LiveCall<'labels.assignMessage'> | LiveCall<'labels.unassignMessage'>) {
  const { request, session, references, ask } = call;
  const { label, messageId } = request.params as { label: string; messageId: string };
  const found = await references.of(session, [messageId]);
  refuseUnsent(found);
  const [{ reference }] = found as [(typeof found)[number]];
  await ask({ label, message: reference });
  return { labelId: label, chat: reference.chat, messageId, waMessageId: reference.id };
}
