import { proto, type SignalKeyStoreWithTransaction, type WASocket } from './baileys.ts';

interface Distribution {
  item: proto.Message.ISenderKeyDistributionMessage;
  authorJid: string;
}

/** As rc14 stores a record of sender keys, the latest state last; the part that names a state. */
type StoredStates = { senderKeyId: number }[];

/**
 * Whether the sender key that is being handed out is there already. A copy of a distribution, delivered again or replayed, must not be processed twice: rc14
 * appends a second state under the same id, looks states up from the oldest, and keeps five, so copies would push out the one that has
 * advanced. The state we have is never behind what a copy brings: chains only go forward, and keep the keys that they skipped.
 */
export async function hasSenderKeyOf(
  keys: Pick<SignalKeyStoreWithTransaction, 'get'>,
  repository: Pick<WASocket['signalRepository'], 'jidToSignalProtocolAddress'>,
  { item, authorJid }: Distribution,
): Promise<boolean> {
  const bytes = item.axolotlSenderKeyDistributionMessage;
  if (!bytes || !item.groupId) return false;
  const { id } = proto.SenderKeyDistributionMessage.decode(bytes.subarray(1));
  const address = repository.jidToSignalProtocolAddress(authorJid);
  const name = `${item.groupId}::${address.replace(/\.(\d+)$/, '::$1')}`;
  const { [name]: record } = await keys.get('sender-key', [name]);
  if (!record) return false;
  const states = JSON.parse(Buffer.from(record).toString()) as StoredStates;
  return states.some(({ senderKeyId }) => senderKeyId === id);
}
