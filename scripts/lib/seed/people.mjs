/** The data of the seed. Names and numbers are fixed, so that a second seed finds the data of the first one. */

/** The password of all accounts, printed after the seed. These accounts are for the machine of a developer. */
export const PASSWORD = 'correct horse battery';

/**
 * @typedef {object} Line of a chat
 * @property {'session' | 'contact'} from
 * @property {string} text
 *
 * @typedef {object} SeededSession
 * @property {string} id
 * @property {string} name
 * @property {string} phone number that the session is linked to
 * @property {boolean} [webhook]
 * @property {{ contact: string, lines: Line[] }[]} chats
 * @property {{ subject: string, members: string[], lines: Line[] }} [group] `contact` is its first member
 *
 * @typedef {object} Account
 * @property {string} email
 * @property {string} name
 * @property {'basic' | 'pro'} tier
 * @property {{ email: string, name: string, role: 'operator' | 'viewer' }[]} team
 * @property {SeededSession[]} sessions
 */

/** Phones of the sandbox without a session: the customers. */
export const CONTACTS = {
  15550100001: 'Ann',
  15550100002: 'Budi',
  15550100003: 'Chloé',
  15550100004: 'Dewi',
};

/** @type {Account[]} */
export const ACCOUNTS = [
  {
    email: 'owner@seed.example',
    name: 'Olga Owner',
    tier: 'pro',
    team: [
      { email: 'operator@seed.example', name: 'Oscar Operator', role: 'operator' },
      { email: 'viewer@seed.example', name: 'Vera Viewer', role: 'viewer' },
    ],
    sessions: [
      {
        id: 'shop',
        name: 'Shop',
        phone: '15550200001',
        webhook: true,
        chats: [
          {
            contact: '15550100001',
            lines: [
              { from: 'contact', text: 'Good morning! Is the blue lamp still there?' },
              { from: 'session', text: 'Good morning Ann. Yes, two of them.' },
              { from: 'contact', text: 'Please keep one for me until Friday.' },
              { from: 'session', text: 'It is yours. We are open until six.' },
            ],
          },
          {
            contact: '15550100002',
            lines: [
              { from: 'contact', text: 'Pesanan saya sudah dikirim?' },
              { from: 'session', text: 'Sudah, Pak Budi. Nomor resinya menyusul.' },
            ],
          },
        ],
        group: {
          subject: 'Shop and friends',
          members: ['15550100001', '15550100002', '15550100003'],
          lines: [
            { from: 'session', text: 'New lamps arrive on Monday.' },
            { from: 'contact', text: 'I will come by!' },
          ],
        },
      },
      {
        id: 'support',
        name: 'Support',
        phone: '15550200002',
        chats: [
          {
            contact: '15550100003',
            lines: [
              { from: 'contact', text: 'My lamp flickers. What can I do?' },
              { from: 'session', text: 'Please turn the bulb a little further in.' },
              { from: 'contact', text: 'That was it, thank you 🙏' },
            ],
          },
        ],
      },
    ],
  },
  {
    email: 'basic@seed.example',
    name: 'Ben Basic',
    tier: 'basic',
    team: [],
    sessions: [
      {
        id: 'kiosk',
        name: 'Kiosk',
        phone: '15550200003',
        chats: [
          {
            contact: '15550100004',
            lines: [
              { from: 'session', text: 'Your newspaper is here.' },
              { from: 'contact', text: 'On my way' },
            ],
          },
        ],
      },
    ],
  },
];
