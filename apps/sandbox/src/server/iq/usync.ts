import type { Account, DeviceRef } from '../../accounts/account.ts';
import { unixSeconds } from '../../clock.ts';
import { LID_SERVER, PN_SERVER, parseJid, pnJid } from '../../wire/jid.ts';
import { type BinaryNode, child, children, node, text } from '../../wire/node.ts';
import type { ServerBase } from '../base.ts';
import { deviceHash } from '../device-list.ts';
import { shows } from '../privacy.ts';
import { answer, type IqRequest } from './answer.ts';

/**
 * Looks users up: whether they exist, their devices and LIDs. Answers name users as the query does; an answer to a
 * query by number names the account, which may have another spelling of the number, and repeats what was asked for.
 */
export function handleUsyncIq({ context, connection, companion, iq, query }: IqRequest): void {
  const protocols = children(child(query, 'query')).map(({ tag }) => tag);
  const users = children(child(query, 'list'), 'user').map((user) => {
    const number = user.attrs.jid === undefined ? numberOf(user) : undefined;
    const jid = user.attrs.jid ?? pnJid(number!);
    const ref = resolve(context, jid, number) ?? autoCreated(context, jid);
    if (!ref) return unknownUser(jid, protocols, number);
    if (protocols.includes('devices') && ref.account !== companion.account) ref.account.deviceWatchers.add(companion);
    return knownUser(ref, parseJid(jid)?.server === LID_SERVER, protocols, number, companion.account);
  });
  const { sid, mode, context: purpose } = query?.attrs ?? {};
  answer(connection, iq, [
    node('usync', { sid, index: '0', last: 'true', mode, context: purpose }, [
      node(
        'result',
        {},
        protocols.map((protocol) => node(protocol)),
      ),
      node('list', {}, users),
    ]),
  ]);
}

/** The digits of a query by number: `<contact>+digits</contact>`. */
function numberOf(user: BinaryNode): string {
  return (text(child(user, 'contact')) ?? '').replace(/\D/g, '');
}

/** Only a query by number finds an account by another spelling. */
function resolve(
  { directory }: Pick<ServerBase, 'directory'>,
  jid: string,
  number: string | undefined,
): DeviceRef | null {
  const account = number === undefined ? undefined : directory.findByAnyNumber(number);
  return account ? { account, device: 0 } : directory.resolve(jid);
}

/** The answer repeats the number that was asked for. */
function contactNode(type: 'in' | 'out', number: string | undefined): BinaryNode {
  return node('contact', { type }, number === undefined ? undefined : Buffer.from(`+${number}`));
}

/** Creates a phone for an unknown number, for load tests. */
function autoCreated({ options, phones }: Pick<ServerBase, 'options' | 'phones'>, jid: string): DeviceRef | null {
  const parsed = parseJid(jid);
  if (!options.autoCreatePhones || parsed?.server !== PN_SERVER || !/^\d{5,20}$/.test(parsed.user)) return null;
  return { account: phones.create(parsed.user).account, device: 0 };
}

function unknownUser(jid: string, protocols: string[], number: string | undefined): BinaryNode {
  const parts: BinaryNode[] = [];
  if (protocols.includes('contact')) parts.push(contactNode('out', number));
  if (protocols.includes('devices')) parts.push(node('devices', {}, [node('device-list', {}, [])]));
  return node('user', { jid }, parts);
}

function knownUser(
  { account }: DeviceRef,
  askedByLid: boolean,
  protocols: string[],
  number: string | undefined,
  asker: Account,
): BinaryNode {
  const parts = protocols.flatMap((protocol) => {
    switch (protocol) {
      case 'devices':
        return devices(account);
      case 'lid':
        return askedByLid || account.hidesLid ? [] : node('lid', { val: account.lidJid });
      case 'contact':
        return contactNode('in', number);
      case 'status':
        return shows(account, asker, 'status')
          ? node('status', { t: String(account.statusSetAt) }, Buffer.from(account.status))
          : node('status', { code: '401', type: 'fail' });
      case 'disappearing_mode':
        return node('disappearing_mode', { duration: String(account.disappearingSeconds), t: '0' });
      default:
        return [];
    }
  });
  return node('user', { jid: askedByLid ? account.lidJid : account.jid }, parts);
}

function devices(account: Account): BinaryNode {
  const list = [...account.companions.values()].map(({ id, keyIndex }) =>
    node('device', { id: String(id), 'key-index': String(keyIndex) }),
  );
  return node('devices', {}, [
    node('device-list', { hash: deviceHash(account) }, [node('device', { id: '0' }), ...list]),
    node('key-index-list', { ts: String(unixSeconds()) }, Buffer.alloc(0)),
  ]);
}
