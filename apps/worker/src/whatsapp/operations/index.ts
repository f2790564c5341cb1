import type { AnswerOf, ConnectionOperationName, InputOf } from '@wa-gate/contracts';
import { blocklist } from './blocklist.ts';
import { channels } from './channels.ts';
import { contacts } from './contacts.ts';
import { chats, messages } from './messages.ts';
import type { OperationSocket } from './operation-socket.ts';
import { presence } from './presence.ts';
import { privacy } from './privacy.ts';
import { profile } from './profile.ts';

const PERFORMERS: {
  [N in ConnectionOperationName]: (wa: OperationSocket, input: InputOf<N>) => Promise<AnswerOf<N>>;
} = { ...presence, ...contacts, ...messages, ...chats, ...channels, ...blocklist, ...privacy, ...profile };

/** Runs an operation on a connection to WhatsApp. @throws the errors of Baileys */
export function performOn<N extends ConnectionOperationName>(
  name: N,
  wa: OperationSocket,
  input: InputOf<N>,
): Promise<AnswerOf<N>> {
  return PERFORMERS[name](wa, input);
}

export { NotReadyError, type OperationSocket } from './operation-socket.ts';
