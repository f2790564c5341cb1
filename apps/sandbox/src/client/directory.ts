import type { PreKeyBundle } from '../signal/session-cipher.ts';
import { formatJid, LID_SERVER, parseJid, S_WHATSAPP_NET } from '../wire/jid.ts';
import { type BinaryNode, bytes, child, children, node } from '../wire/node.ts';
import type { Link } from './link.ts';

export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
}

/** Queries the server for the devices and key bundles of other accounts. */
export class PeerDirectory {
  readonly #link: Link;
  readonly #devices = new Map<string, number[]>();
  /** Number to LID: sessions are stored by LID, in whichever form a stanza was addressed. */
  readonly #lids = new Map<string, string>();

  constructor(link: Link, own: { pn: string; lid: string }) {
    this.#link = link;
    this.#lids.set(own.pn, own.lid);
  }

  learn(pn: string, lid: string): void {
    this.#lids.set(pn, lid);
  }

  lidOf(pn: string): string | undefined {
    return this.#lids.get(pn);
  }

  /** The name of the stored session with a device. */
  address(jid: string): string {
    const parsed = parseJid(jid);
    if (!parsed) throw new DirectoryError(`not an address: ${jid}`);
    const user = parsed.server === LID_SERVER ? parsed.user : (this.#lids.get(parsed.user) ?? `pn:${parsed.user}`);
    return `${user}.${parsed.device}`;
  }

  forget(user: string): void {
    this.#devices.delete(user);
  }

  /** The device numbers of accounts, queried once per account. */
  async devices(accounts: readonly string[]): Promise<Map<string, number[]>> {
    const missing = accounts.filter((account) => !this.#devices.has(account));
    if (missing.length > 0) this.#remember(await this.#link.ask(this.#deviceQuery(missing)));
    return new Map(accounts.map((account) => [account, this.#devices.get(account) ?? []]));
  }

  /** Bundles for devices, fetched by LID; a device that publishes none is missing from the result. */
  async bundles(devices: readonly { lid: string; device: number }[]): Promise<Map<string, PreKeyBundle>> {
    const users = devices.map(({ lid, device }) =>
      node('user', { jid: formatJid({ user: lid, server: LID_SERVER, device }) }),
    );
    const attrs = { id: this.#link.nextId(), to: S_WHATSAPP_NET, type: 'get', xmlns: 'encrypt' };
    const answer = await this.#link.ask(node('iq', attrs, [node('key', {}, users)]));
    const found = new Map<string, PreKeyBundle>();
    for (const user of children(child(answer, 'list'), 'user')) {
      const jid = user.attrs.jid;
      if (jid !== undefined && child(user, 'identity')) found.set(this.address(jid), readBundle(user));
    }
    return found;
  }

  #deviceQuery(accounts: readonly string[]): BinaryNode {
    const sid = this.#link.nextId();
    const users = accounts.map((jid) => node('user', { jid }));
    const query = node('query', {}, [node('devices', { version: '2' }), node('lid')]);
    const usync = { context: 'message', mode: 'query', sid, last: 'true', index: '0' };
    return node('iq', { id: sid, to: S_WHATSAPP_NET, type: 'get', xmlns: 'usync' }, [
      node('usync', usync, [query, node('list', {}, users)]),
    ]);
  }

  #remember(answer: BinaryNode): void {
    for (const user of children(child(child(answer, 'usync'), 'list'), 'user')) {
      const account = user.attrs.jid ?? '';
      const lid = parseJid(child(user, 'lid')?.attrs.val);
      const parsed = parseJid(account);
      if (lid && parsed) this.#lids.set(parsed.user, lid.user);
      const list = children(child(child(user, 'devices'), 'device-list'), 'device');
      const ids = list.map((device) => Number(device.attrs.id));
      this.#devices.set(account, ids);
    }
  }
}

function readBundle(user: BinaryNode): PreKeyBundle {
  const key = child(user, 'key');
  const signed = child(user, 'skey');
  const id = (parent: BinaryNode | undefined): number => required(child(parent, 'id')).readUIntBE(0, 3);
  return {
    registrationId: required(child(user, 'registration')).readUInt32BE(),
    identityKey: required(child(user, 'identity')),
    signedPreKey: {
      id: id(signed),
      publicKey: required(child(signed, 'value')),
      signature: required(child(signed, 'signature')),
    },
    preKey: key ? { id: id(key), publicKey: required(child(key, 'value')) } : undefined,
  };
}

function required(leaf: BinaryNode | undefined): Buffer {
  const value = bytes(leaf);
  if (!value) throw new DirectoryError(`a key bundle without its ${leaf?.tag ?? 'parts'}`);
  return value;
}
