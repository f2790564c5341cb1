import type { Companion } from '../../accounts/account.ts';
import { S_WHATSAPP_NET } from '../../wire/jid.ts';
import { type BinaryNode, node } from '../../wire/node.ts';
import type { Connection } from '../connection.ts';
import type { ServerContext } from '../context.ts';

/** A query of a logged-in companion. */
export interface IqRequest {
  readonly context: ServerContext;
  readonly connection: Connection;
  readonly companion: Companion;
  readonly iq: BinaryNode;
  /** The first child of the iq: the query. */
  readonly query: BinaryNode | undefined;
}

export function answer(connection: Connection, iq: BinaryNode, content?: BinaryNode[]): void {
  connection.send(node('iq', { id: iq.attrs.id, from: iq.attrs.to || S_WHATSAPP_NET, type: 'result' }, content));
}

export function refuseIq(connection: Connection, iq: BinaryNode, code: number, text: string): void {
  connection.send(
    node('iq', { id: iq.attrs.id, from: iq.attrs.to || S_WHATSAPP_NET, type: 'error' }, [
      node('error', { code: String(code), text }),
    ]),
  );
}
