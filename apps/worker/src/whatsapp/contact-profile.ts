import type { AnswerOf } from '@wa-gate/contracts';
import { type BinaryNode, S_WHATSAPP_NET, type WASocket } from './baileys.ts';
import { NoAnswerError, whatsAppCodeOf } from './errors.ts';
import { childOf, childrenOf, nodeOf, textOf } from './nodes.ts';

type ProfileSocket = Pick<WASocket, 'query' | 'profilePictureUrl'>;
type Profile = AnswerOf<'contacts.profile'>;

/** The version of the business profile that rc14 asks for. */
const BUSINESS_PROFILE_VERSION = '244';
/** The account has no picture, or shows it to others only. */
const NO_PICTURE: ReadonlySet<number | undefined> = new Set([401, 403, 404]);

/**
 * Asks WhatsApp for the picture and the business profile of an account.
 *
 * @throws when there is no answer, or a refusal
 */
export async function askProfile(sock: ProfileSocket, jid: string): Promise<Profile> {
  const [pictureUrl, business] = await Promise.all([askPicture(sock, jid), askBusiness(sock, jid)]);
  return { pictureUrl, business };
}

/**
 * The address of the picture, large (`image`) or small; `null`: none, or not for this account. Baileys' own query has
 * the token with which people show their picture to whom they know.
 *
 * @throws as {@link askProfile}
 */
export async function askPicture(
  sock: Pick<ProfileSocket, 'profilePictureUrl'>,
  jid: string,
  type: 'image' | 'preview' = 'image',
): Promise<string | null> {
  try {
    const url = await sock.profilePictureUrl(jid, type);
    // rc14 gives the same for a silent server and for an answer without a picture: the latter is an error 404.
    if (url === undefined) throw new NoAnswerError('WhatsApp does not say which picture the account has.');
    return url;
  } catch (error) {
    if (NO_PICTURE.has(whatsAppCodeOf(error))) return null;
    throw error;
  }
}

/** What a business says of itself; `null`: the account is none. @throws as {@link askProfile} */
export async function askBusiness(sock: ProfileSocket, jid: string): Promise<Profile['business']> {
  const asked = nodeOf('business_profile', { v: BUSINESS_PROFILE_VERSION }, [nodeOf('profile', { jid })]);
  let answer: BinaryNode | undefined;
  try {
    answer = await sock.query(nodeOf('iq', { to: S_WHATSAPP_NET, xmlns: 'w:biz', type: 'get' }, [asked]));
  } catch (error) {
    if (whatsAppCodeOf(error) === 404) return null;
    throw error;
  }
  if (!answer) throw new NoAnswerError('WhatsApp does not say whether the account is a business.');
  return readBusiness(answer);
}

/** Baileys reads it too, and keeps one website only. */
export function readBusiness(answer: BinaryNode): Profile['business'] {
  const profile = childOf(childOf(answer, 'business_profile'), 'profile');
  if (!profile) return null;
  const text = (of: BinaryNode | undefined) => textOf(of).trim() || null;
  return {
    description: text(childOf(profile, 'description')),
    category: text(childOf(childOf(profile, 'categories'), 'category')),
    email: text(childOf(profile, 'email')),
    address: text(childOf(profile, 'address')),
    websites: childrenOf(profile).flatMap((child) => (child.tag === 'website' ? (text(child) ?? []) : [])),
  };
}
