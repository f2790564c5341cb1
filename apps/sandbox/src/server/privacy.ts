import type { Account } from '../accounts/account.ts';

/** What an account may hide: the categories of its privacy settings that the server itself heeds. */
type Hidden = 'last' | 'online' | 'profile' | 'status' | 'calladd';

/** Whether an account shows a part of itself to another one. Whom it has blocked sees nothing. */
export function shows(owner: Account, viewer: Account, category: Hidden): boolean {
  if (owner === viewer) return true;
  if (owner.blocked.has(viewer.number)) return false;
  switch (owner.privacy[category]) {
    case 'none':
      return false;
    case 'contacts':
    case 'contact_blacklist':
    case 'known':
      return owner.addressBook.has(viewer.number);
    case 'match_last_seen':
      return shows(owner, viewer, 'last');
    default:
      return true;
  }
}
