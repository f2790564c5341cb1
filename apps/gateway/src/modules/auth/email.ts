const UNSTORABLE = /\p{Cc}|\p{Surrogate}/gu;

/**
 * An address as it is stored and looked up. Text that PostgreSQL cannot store is replaced by text that is no address.
 */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase().replace(UNSTORABLE, '\ufffd');

const ADDRESS = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

/** The part of an address typed at a login that may be logged: people type their password there by mistake. */
export const recordableEmail = (email: string): string | null => (ADDRESS.test(email) ? email : null);
