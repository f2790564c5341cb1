import { type BinaryNode, node } from '../../wire/node.ts';
import type { Connection } from '../connection.ts';
import type { ServerContext } from '../context.ts';
import { unlinkDevice } from '../device-list.ts';
import { answer, refuseIq } from './answer.ts';

/** Namespace `md`: linking by code (before login) and unlinking (after it). */
export function handlePairingIq(
  context: ServerContext,
  connection: Connection,
  iq: BinaryNode,
  query: BinaryNode | undefined,
): void {
  if (query?.tag === 'link_code_companion_reg') {
    handleCode(context, connection, iq, query);
    return;
  }
  answer(connection, iq);
  const { companion } = connection;
  if (query?.tag === 'remove-companion-device' && companion) unlinkDevice(context, companion, 'user_initiated');
}

function handleCode(context: ServerContext, connection: Connection, iq: BinaryNode, registration: BinaryNode): void {
  const { stage } = registration.attrs;
  if (stage === 'companion_hello') {
    const ref = context.pairing.codeHello(connection, registration);
    if (!ref) {
      refuseIq(connection, iq, 400, 'bad-request');
      return;
    }
    answer(connection, iq, [node('link_code_companion_reg', { stage }, [node('link_code_pairing_ref', {}, ref)])]);
    return;
  }
  if (stage === 'companion_finish' && context.pairing.codeFinish(connection, registration)) answer(connection, iq);
  else refuseIq(connection, iq, 400, 'bad-request');
}
