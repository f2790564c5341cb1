import type { Fault } from '../../faults/faults.ts';
import { type BinaryNode, child, children } from '../../wire/node.ts';
import type { Connection } from '../connection.ts';
import type { ServerContext } from '../context.ts';
import { handleAccountIq } from './account.ts';
import { answer, type IqRequest, refuseIq, refuseUnknown, wordOf } from './answer.ts';
import { handleAppStateIq, refuseAppStateIq } from './app-state.ts';
import { handleBusinessIq } from './business.ts';
import { handleChannelIq } from './channels.ts';
import { handleEncryptIq } from './encrypt.ts';
import { handleGroupIq } from './groups.ts';
import { handleMediaIq } from './media.ts';
import { handleMexIq, refuseMexIq } from './mex.ts';
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
  'urn:xmpp:whatsapp:dirty': handleAccountIq,
  'w:stats': answerEmpty,
};

/** Namespaces whose answers carry a refusal inside of a result. */
const REFUSALS: Record<string, (request: IqRequest, code: number) => void> = {
  'w:mex': refuseMexIq,
  'w:sync:app:state': refuseAppStateIq,
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
  const request = { context, connection, companion, iq, query };
  const { faults } = context;
  if (!faults.idle) {
    if (faults.take('iq-silence', companion.key, (fault) => fault.xmlns === undefined || fault.xmlns === xmlns)) return;
    if (faults.take('rate-overlimit', companion.key, (fault) => fault.xmlns === xmlns)) {
      refuseIq(connection, iq, 429, 'rate-overlimit');
      return;
    }
    const isMeant = (fault: Fault) => fault.xmlns === undefined || fault.xmlns === xmlns;
    const refusal = faults.take('iq-refused', companion.key, isMeant);
    if (refusal) {
      const { code = 403 } = refusal;
      if (REFUSALS[xmlns]) REFUSALS[xmlns](request, code);
      else refuseIq(connection, iq, code, wordOf(code));
      return;
    }
    if (isChange(request) && faults.take('answer-lost', companion.key, isMeant)) connection.loseAnswer(iq.attrs.id!);
  }
  const handler = HANDLERS[xmlns];
  if (handler) handler(request);
  else refuseUnknown(request, 501);
}

/** Whether an iq changes something. Settings of an account are read by a `set`, too. */
const isChange = ({ iq, query }: IqRequest): boolean =>
  iq.attrs.type === 'set' &&
  (iq.attrs.xmlns !== 'w:sync:app:state' || children(query).some((collection) => child(collection, 'patch')));

function answerEmpty({ connection, iq }: IqRequest): void {
  answer(connection, iq);
}

/** `active`: the client is ready for its backlog. */
function handlePassiveIq({ context, connection, companion, iq, query }: IqRequest): void {
  answer(connection, iq);
  if (query?.tag === 'active') context.delivery.activate(connection, companion);
}
