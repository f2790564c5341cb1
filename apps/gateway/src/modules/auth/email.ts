const UNSTORABLE = /\p{Cc}|\p{Surrogate}/gu;

/** An address as it is stored and looked up. What PostgreSQL could not store becomes something that is no address of anybody. */
export const normaliseEmail = (email: string): string => email.trim().toLowerCase().replace(UNSTORABLE, '\ufffd');
