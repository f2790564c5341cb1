import type { Companion } from '../accounts/account.ts';
import { isChannel } from '../wire/jid.ts';
import type { BinaryNode } from '../wire/node.ts';
import { node } from '../wire/node.ts';
import { handleChannelMessage } from './channel-messages.ts';
import type { Connection } from './connection.ts';
import type { ServerContext } from './context.ts';
import { refuseIq } from './iq/answer.ts';
import { handleIq } from './iq/iq.ts';
import { handleReceipt } from './receipts.ts';

/** Passes a stanza to the part of the server for its tag. */
export function dispatch(context: ServerContext, connection: Connection, stanza: BinaryNode): void {
  try {
    if (stanza.tag === 'iq') handleIq(context, connection, stanza);
    else if (connection.companion) handleStanza(context, connection, connection.companion, stanza);
    // Baileys sends its new name (a `presence`) while it is still being linked, when it is linked by a code.
    else if (stanza.tag !== 'ack' && stanza.tag !== 'ib' && stanza.tag !== 'presence') {
      context.recorder.violation(null, 'stanza-before-login', stanza.tag);
    }
  } catch (error) {
    context.log.error({ err: error, tag: stanza.tag, device: connection.device }, 'stanza could not be handled');
    context.recorder.violation(connection.device, 'handler-failed', `${stanza.tag}: ${String(error)}`);
    if (stanza.tag === 'iq') refuseIq(connection, stanza, 500, 'internal-server-error');
  }
}

function handleStanza(context: ServerContext, connection: Connection, companion: Companion, stanza: BinaryNode): void {
  const { attrs } = stanza;
  switch (stanza.tag) {
    case 'message':
      if (isChannel(attrs.to ?? '')) handleChannelMessage(context, connection, companion, stanza);
      else context.router.fromCompanion(connection, companion, stanza);
      return;
    case 'receipt':
      handleReceipt(context, connection, companion, stanza);
      return;
    case 'ack':
      context.delivery.acknowledged(companion, attrs);
      return;
    case 'presence':
      context.presence.fromCompanion(companion, stanza);
      return;
    case 'chatstate':
      context.presence.typing(companion, stanza);
      return;
    case 'call':
      context.calls.fromCompanion(connection, companion, stanza);
      return;
    case 'ib':
      context.delivery.infoFrom(connection, companion, stanza);
      return;
    case 'xmlstreamend':
      connection.close('client ended the stream', node('xmlstreamend'));
      return;
    default:
      context.recorder.unknownStanza(stanza.tag);
  }
}
