import type { AnswerOf, ConnectionOperationName, InputOf } from '@wa-gate/contracts';
import { blocklist } from './blocklist.ts';
import { calls } from './calls.ts';
import { channels } from './channels.ts';
import { chats } from './chats.ts';
import { communities } from './communities.ts';
import { contacts } from './contacts.ts';
import { groups } from './groups.ts';
import { labels } from './labels.ts';
import { messages } from './messages.ts';
import type { OperationSocket } from './operation-socket.ts';
import { presence } from './presence.ts';
import { privacy } from './privacy.ts';
import { profile } from './profile.ts';

const PERFORMERS: {
  [N in ConnectionOperationName]: (wa: OperationSocket, input: InputOf<N>) => Promise<AnswerOf<N>>;
} = {
  ...presence,
  ...contacts,
  ...messages,
  ...chats,
  ...channels,
  ...blocklist,
  ...communities,
  ...groups,
  ...calls,
  ...privacy,
  ...profile,
  ...labels,
};

/** Runs an operation on a connection to WhatsApp. @throws the errors of Baileys */
export function performOn<N extends ConnectionOperationName>(
  name: N,
  wa: OperationSocket,
  input: InputOf<N>,
): Promise<AnswerOf<N>> {
  return PERFORMERS[name](wa, input);
}

export { NotReadyError, type OperationSocket } from './operation-socket.ts';
