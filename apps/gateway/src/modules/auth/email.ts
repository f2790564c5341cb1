const UNSTORABLE = /\p{Cc}|\p{Surrogate}/gu;

/** An address as it is stored and looked up. What PostgreSQL could not store becomes something that is no address of anybody. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase().replace(UNSTORABLE, '\ufffd');

const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** What may be written down of the address that somebody has typed at a login: people type their password there by mistake. */
export const recordableEmail = (email: string): string | null => (ADDRESS.test(email) ? email : null);
