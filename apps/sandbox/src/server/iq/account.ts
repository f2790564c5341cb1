import { bytes, child, children, node } from '../../wire/node.ts';
import { block, setAbout } from '../people.ts';
import { answer, type IqRequest, refuseIq } from './answer.ts';

/** The server properties that Baileys evaluates; it ignores others. */
const PROPERTIES: Record<string, string> = { '10518': 'false', '9666': 'false', '14303': 'false' };
const PROPERTIES_HASH = 'sandbox-1';

const AUDIENCES = ['all', 'contacts', 'contact_blacklist', 'none'];
/** What each category may be. */
const PRIVACY_VALUES: Record<string, readonly string[]> = {
  readreceipts: ['all', 'none'],
  last: AUDIENCES,
  online: ['all', 'match_last_seen'],
  profile: AUDIENCES,
  status: AUDIENCES,
  groupadd: AUDIENCES,
  calladd: ['all', 'known'],
  messages: ['all', 'contacts'],
};

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
    case 'urn:xmpp:whatsapp:dirty':
      cleanDirty(request);
      return;
    default:
      setDisappearing(request);
  }
}

/** Confirms what was dirty until a time; without one all of it. */
function cleanDirty({ connection, companion, iq, query }: IqRequest): void {
  const { type = '', timestamp } = query?.attrs ?? {};
  const until = timestamp === undefined ? Number.POSITIVE_INFINITY : Number(timestamp);
  if ((companion.dirty.get(type) ?? Number.POSITIVE_INFINITY) <= until) companion.dirty.delete(type);
  companion.save();
  answer(connection, iq);
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
    const { name = '', value = '' } = attrs;
    if (!PRIVACY_VALUES[name]?.includes(value)) {
      refuseIq(connection, iq, 400, 'bad-request');
      return;
    }
    account.privacy[name] = value;
  }
  account.save();
  const categories = Object.entries(account.privacy).map(([name, value]) => node('category', { name, value }));
  answer(connection, iq, [node('privacy', {}, categories)]);
}

function handleBlocklist({ context, connection, companion, iq, query }: IqRequest): void {
  const { account } = companion;
  if (iq.attrs.type === 'set' && query) {
    const { jid, pn_jid: number, action } = query.attrs;
    // A LID is blocked together with its number.
    const target = context.directory.resolve(jid)?.account;
    if (
      !target ||
      target === account ||
      (action === 'block' && context.directory.resolve(number)?.account !== target)
    ) {
      refuseIq(connection, iq, target ? 400 : 404, target ? 'bad-request' : 'item-not-found');
      return;
    }
    block(context, account, target, action === 'block', companion);
  }
  const items = [...account.blocked].flatMap((number) => {
    const blocked = context.directory.find(number);
    return blocked ? [node('item', { jid: blocked.lidJid })] : [];
  });
  answer(connection, iq, [node('list', { dhash: String(account.blocked.size) }, items)]);
}

function setStatus({ context, connection, companion, iq }: IqRequest): void {
  setAbout(context, companion.account, bytes(child(iq, 'status'))?.toString('utf8') ?? '');
  answer(connection, iq);
}

function setDisappearing({ connection, companion, iq, query }: IqRequest): void {
  if (iq.attrs.type === 'set') {
    companion.account.disappearingSeconds = Number(query?.attrs.duration ?? 0);
    companion.account.save();
  }
  answer(connection, iq);
}
