import { proto, type SignalKeyStoreWithTransaction, type WASocket } from './baileys.ts';

interface Distribution {
  item: proto.Message.ISenderKeyDistributionMessage;
  authorJid: string;
}

/** A record of sender keys as rc14 stores it, the latest state last. */
type StoredStates = { senderKeyId: number; senderMessageKeys: unknown[] }[];
type Keys = Pick<SignalKeyStoreWithTransaction, 'get' | 'set'>;
type Addresses = Pick<WASocket['signalRepository'], 'jidToSignalProtocolAddress'>;

/**
 * Whether the distributed sender key is stored already. A second copy of a distribution must not be processed: rc14
 * appends a second state under the same id, searches from the oldest, and keeps five, so copies would evict the
 * advanced one. The stored state is never behind a copy: chains only advance, and keep the keys that they skipped.
 */
export async function hasSenderKeyOf(
  keys: Pick<Keys, 'get'>,
  addresses: Addresses,
  { item, authorJid }: Distribution,
): Promise<boolean> {
  const bytes = item.axolotlSenderKeyDistributionMessage;
  if (!bytes || !item.groupId) return false;
  const { id } = proto.SenderKeyDistributionMessage.decode(bytes.subarray(1));
  const states = await readStates(keys, nameOf(addresses, item.groupId, authorJid));
  return states.some(({ senderKeyId }) => senderKeyId === id);
}

/**
 * Drops the message keys that sending has skipped. rc14 uses only every second key, and keeps the others in the record.
 * Up to 2 000 keys, some 200 KB, would be written again with every message.
 */
export async function forgetSkippedKeys(
  keys: Keys,
  addresses: Addresses,
  { group, meId }: { group: string; meId: string },
): Promise<void> {
  const name = nameOf(addresses, group, meId);
  const states = await readStates(keys, name);
  if (states.every(({ senderMessageKeys }) => senderMessageKeys.length === 0)) return;
  const kept = states.map((state) => ({ ...state, senderMessageKeys: [] }));
  await keys.set({ 'sender-key': { [name]: Buffer.from(JSON.stringify(kept)) } });
}

const nameOf = (addresses: Addresses, group: string, jid: string): string =>
  `${group}::${addresses.jidToSignalProtocolAddress(jid).replace(/\.(\d+)$/, '::$1')}`;

async function readStates(keys: Pick<Keys, 'get'>, name: string): Promise<StoredStates> {
  const { [name]: record } = await keys.get('sender-key', [name]);
  return record ? (JSON.parse(Buffer.from(record).toString()) as StoredStates) : [];
}
