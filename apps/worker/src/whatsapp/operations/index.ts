import type { AnswerOf, ConnectionOperationName, InputOf } from '@wa-gate/contracts';
import type { OperationSocket } from './operation-socket.ts';
import { presence } from './presence.ts';

const PERFORMERS: {
  [N in ConnectionOperationName]: (wa: OperationSocket, input: InputOf<N>) => Promise<AnswerOf<N>>;
} = { ...presence };

/** Does an operation on a connection to WhatsApp. @throws whatever Baileys throws */
export function performOn<N extends ConnectionOperationName>(
  name: N,
  wa: OperationSocket,
  input: InputOf<N>,
): Promise<AnswerOf<N>> {
  return PERFORMERS[name](wa, input);
}

export { NotReadyError, type OperationSocket } from './operation-socket.ts';
