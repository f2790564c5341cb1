import { S_WHATSAPP_NET, type WASocket } from './baileys.ts';
import { askNode, childOf, childrenOf, nodeOf } from './nodes.ts';

type PrivacySocket = Pick<WASocket, 'query'>;
/** Values by category, in WhatsApp's words. */
type Categories = Partial<Record<string, string>>;

const known = new WeakMap<PrivacySocket, { categories: Categories; at: number }>();

/**
 * The privacy settings of the account. Baileys asks once per connection and never again, and the phone may change them
 * at any time.
 *
 * @throws {NoAnswerError}, or Baileys' error with WhatsApp's code
 */
export async function askPrivacy(sock: PrivacySocket, { maxAgeMs = 0 } = {}): Promise<Categories> {
  const before = known.get(sock);
  if (before && Date.now() - before.at < maxAgeMs) return before.categories;
  const answer = await askNode(
    sock,
    nodeOf('iq', { xmlns: 'privacy', to: S_WHATSAPP_NET, type: 'get' }, [nodeOf('privacy')]),
  );
  const entries = childrenOf(childOf(answer, 'privacy')).map(({ attrs }) => [attrs.name, attrs.value] as const);
  const categories: Categories = Object.fromEntries(entries.filter(([name]) => name !== undefined));
  known.set(sock, { categories, at: Date.now() });
  return categories;
}

/** Changes one category. @throws as {@link askPrivacy} */
export async function setPrivacy(sock: PrivacySocket, name: string, value: string): Promise<void> {
  known.delete(sock);
  const category = nodeOf('category', { name, value });
  await askNode(
    sock,
    nodeOf('iq', { xmlns: 'privacy', to: S_WHATSAPP_NET, type: 'set' }, [nodeOf('privacy', {}, [category])]),
  );
}
