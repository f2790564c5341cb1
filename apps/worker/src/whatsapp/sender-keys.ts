import { proto, type SignalKeyStoreWithTransaction, type WASocket } from './baileys.ts';

interface Distribution {
  item: proto.Message.ISenderKeyDistributionMessage;
  authorJid: string;
}

/** As rc14 stores a record of sender keys, the latest state last. */
type StoredStates = { senderKeyId: number; senderMessageKeys: unknown[] }[];
type Keys = Pick<SignalKeyStoreWithTransaction, 'get' | 'set'>;
type Addresses = Pick<WASocket['signalRepository'], 'jidToSignalProtocolAddress'>;

/**
 * Whether the sender key that is being handed out is there already. A copy of a distribution, delivered again or
 * replayed, must not be processed twice: rc14 appends a second state under the same id, looks states up from the
 * oldest, and keeps five, so copies would push out the one that has advanced. The state we have is never behind what a
 * copy brings: chains only go forward, and keep the keys that they skipped.
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
 * Drops the message keys that our own sending has skipped. rc14 uses every second one only, and keeps the others in the
 * record, up to 2 000 that nobody will ever ask for: some 200 KB, written again with every message.
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
