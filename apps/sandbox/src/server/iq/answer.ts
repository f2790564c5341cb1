import type { Companion } from '../../accounts/account.ts';
import { S_WHATSAPP_NET } from '../../wire/jid.ts';
import { type BinaryNode, node } from '../../wire/node.ts';
import type { Connection } from '../connection.ts';
import type { ServerContext } from '../context.ts';

/** WhatsApp's words for its codes. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'bad-request',
  401: 'not-authorized',
  403: 'forbidden',
  404: 'item-not-found',
  405: 'not-allowed',
  406: 'not-acceptable',
  409: 'conflict',
  410: 'gone',
  419: 'resource-limit',
  429: 'rate-overlimit',
  500: 'internal-server-error',
  501: 'feature-not-implemented',
  503: 'service-unavailable',
};

/** The word that stands beside a code of WhatsApp. */
export const wordOf = (code: number): string => WORDS[code] ?? 'unknown';

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

/**
 * WhatsApp's answer to what it does not know: 501 for a namespace, 400 for a question in one. The recorder counts it by
 * name.
 */
export function refuseUnknown({ context, connection, iq, query }: IqRequest, code: 400 | 501 = 400): void {
  const { xmlns = '' } = iq.attrs;
  context.recorder.unknownStanza(`iq ${xmlns} ${query?.tag ?? ''}`.trim());
  refuseIq(connection, iq, code, wordOf(code));
}
