import { unixSeconds } from '../../clock.ts';
import { bytes, child, children, node } from '../../wire/node.ts';
import { newStanzaId } from '../stanza-id.ts';
import { answer, type IqRequest } from './answer.ts';

/** The server properties that Baileys evaluates; it ignores others. */
const PROPERTIES: Record<string, string> = { '10518': 'false', '9666': 'false', '14303': 'false' };
const PROPERTIES_HASH = 'sandbox-1';

/** Settings of the account: server properties, privacy, blocked contacts, status text, disappearing messages. */
export function handleAccountIq(request: IqRequest): void {
  switch (request.iq.attrs.xmlns) {
    case 'abt':
      answerProperties(request);
      return;
    case 'privacy':
      handlePrivacy(request);
      return;
    case 'blocklist':
      handleBlocklist(request);
      return;
    case 'status':
      setStatus(request);
      return;
    default:
      setDisappearing(request);
  }
}

function answerProperties({ connection, iq }: IqRequest): void {
  const properties = Object.entries(PROPERTIES).map(([name, value]) => node('prop', { name, value }));
  answer(connection, iq, [node('props', { protocol: '1', hash: PROPERTIES_HASH, refresh: '86400' }, properties)]);
}

function handlePrivacy({ connection, companion, iq, query }: IqRequest): void {
  const { account } = companion;
  if (query?.tag === 'tokens') {
    answer(connection, iq); // tokens are neither checked nor handed out; see ASSUMPTIONS.md
    return;
  }
  for (const { attrs } of iq.attrs.type === 'set' ? children(query, 'category') : []) {
    if (attrs.name && attrs.value) account.privacy[attrs.name] = attrs.value;
  }
  account.save();
  const categories = Object.entries(account.privacy).map(([name, value]) => node('category', { name, value }));
  answer(connection, iq, [node('privacy', {}, categories)]);
}

function handleBlocklist({ context, connection, companion, iq, query }: IqRequest): void {
  const { account } = companion;
  if (iq.attrs.type === 'set' && query) {
    const target =
      context.directory.resolve(query.attrs.jid)?.account ?? context.directory.resolve(query.attrs.pn_jid)?.account;
    if (target && query.attrs.action === 'block') account.blocked.add(target.number);
    else if (target) account.blocked.delete(target.number);
    account.save();
    const item = node('item', { jid: query.attrs.jid, action: query.attrs.action });
    for (const sibling of account.companions.values()) {
      if (sibling === companion) continue;
      const attrs = { id: newStanzaId(), from: account.jid, type: 'account_sync', t: String(unixSeconds()) };
      context.delivery.deliver(sibling, node('notification', attrs, [node('blocklist', {}, [item])]));
    }
  }
  const items = [...account.blocked].flatMap((number) => {
    const blocked = context.directory.find(number);
    return blocked ? [node('item', { jid: blocked.lidJid })] : [];
  });
  answer(connection, iq, [node('list', { dhash: String(account.blocked.size) }, items)]);
}

function setStatus({ connection, companion, iq }: IqRequest): void {
  const status = bytes(child(iq, 'status'));
  if (status) {
    companion.account.status = status.toString('utf8');
    companion.account.save();
  }
  answer(connection, iq);
}

function setDisappearing({ connection, companion, iq, query }: IqRequest): void {
  if (iq.attrs.type === 'set') {
    companion.account.disappearingSeconds = Number(query?.attrs.duration ?? 0);
    companion.account.save();
  }
  answer(connection, iq);
}
