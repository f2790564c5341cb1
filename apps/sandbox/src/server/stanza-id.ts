import { randomBytes } from 'node:crypto';

/** Id of a stanza that the server starts. */
export const newStanzaId = (): string => randomBytes(8).toString('hex').toUpperCase();
