/** Every page, by its path below the root, with what shows that it is there. */
export interface ListedPage {
  name: string;
  path: string;
  /** Before the login. @default 'person' */
  who?: 'anybody' | 'person' | 'administrator';
}

/** `:session` stands for a session that is linked and has chats, `:broadcast` for a draft with a list. */
export const PAGES: readonly ListedPage[] = [
  { name: 'login', path: '/login', who: 'anybody' },
  { name: 'register', path: '/register', who: 'anybody' },
  { name: 'forgot-password', path: '/forgot-password', who: 'anybody' },
  { name: 'reset-password', path: '/reset-password', who: 'anybody' },
  { name: 'verify-email', path: '/verify-email', who: 'anybody' },
  { name: 'invitation', path: '/invitation', who: 'anybody' },
  { name: 'home', path: '/' },
  { name: 'sessions', path: '/sessions' },
  { name: 'session', path: '/sessions/:session' },
  { name: 'account', path: '/sessions/:session/account' },
  { name: 'chats', path: '/chats' },
  { name: 'channels', path: '/channels' },
  { name: 'contacts', path: '/contacts' },
  { name: 'groups', path: '/groups' },
  { name: 'broadcasts', path: '/broadcasts' },
  { name: 'broadcast-new', path: '/broadcasts/new' },
  { name: 'broadcast', path: '/broadcasts/:broadcast' },
  { name: 'broadcast-edit', path: '/broadcasts/:broadcast/edit' },
  { name: 'opt-outs', path: '/opt-outs' },
  { name: 'rules', path: '/rules' },
  { name: 'settings', path: '/settings' },
  { name: 'nowhere', path: '/nowhere' },
];
