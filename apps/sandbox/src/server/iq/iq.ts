import { type BinaryNode, children } from '../../wire/node.ts';
import type { Connection } from '../connection.ts';
import type { ServerContext } from '../context.ts';
import { handleAccountIq } from './account.ts';
import { answer, type IqRequest, refuseIq } from './answer.ts';
import { handleAppStateIq } from './app-state.ts';
import { handleBusinessIq } from './business.ts';
import { handleChannelIq } from './channels.ts';
import { handleEncryptIq } from './encrypt.ts';
import { handleGroupIq } from './groups.ts';
import { handleMediaIq } from './media.ts';
import { handleMexIq } from './mex.ts';
import { handlePairingIq } from './pairing.ts';
import { handleUsyncIq } from './usync.ts';

type IqHandler = (request: IqRequest) => void;

/** One handler per family of namespaces. */
const HANDLERS: Record<string, IqHandler> = {
  'w:p': answerEmpty,
  passive: handlePassiveIq,
  encrypt: handleEncryptIq,
  usync: handleUsyncIq,
  abt: handleAccountIq,
  privacy: handleAccountIq,
  blocklist: handleAccountIq,
  status: handleAccountIq,
  disappearing_mode: handleAccountIq,
  'w:profile:picture': handleMediaIq,
  'w:m': handleMediaIq,
  'w:biz': handleBusinessIq,
  'w:sync:app:state': handleAppStateIq,
  'w:g2': handleGroupIq,
  'w:mex': handleMexIq,
  newsletter: handleChannelIq,
  'urn:xmpp:whatsapp:dirty': answerEmpty,
  'w:stats': answerEmpty,
};

export function handleIq(context: ServerContext, connection: Connection, iq: BinaryNode): void {
  const { xmlns = '', type } = iq.attrs;
  if (type === 'result' || type === 'error') return; // an answer nobody waits for (any more)
  const query = children(iq)[0];
  if (xmlns === 'md') {
    handlePairingIq(context, connection, iq, query);
    return;
  }
  const { companion } = connection;
  if (!companion) {
    answer(connection, iq);
    return;
  }
  const { faults } = context;
  if (!faults.idle) {
    if (faults.take('iq-silence', companion.key, (fault) => fault.xmlns === undefined || fault.xmlns === xmlns)) return;
    if (faults.take('rate-overlimit', companion.key, (fault) => fault.xmlns === xmlns)) {
      refuseIq(connection, iq, 429, 'rate-overlimit');
      return;
    }
  }
  const handler = HANDLERS[xmlns];
  if (handler) {
    handler({ context, connection, companion, iq, query });
    return;
  }
  // Without an answer the client would wait for a minute. Most queries accept an empty result.
  context.recorder.unknownStanza(`iq ${xmlns} ${query?.tag ?? ''}`.trim());
  answer(connection, iq);
}

function answerEmpty({ connection, iq }: IqRequest): void {
  answer(connection, iq);
}

/** `active`: the client is ready for its backlog. */
function handlePassiveIq({ context, connection, companion, iq, query }: IqRequest): void {
  answer(connection, iq);
  if (query?.tag === 'active') context.delivery.activate(connection, companion);
}
