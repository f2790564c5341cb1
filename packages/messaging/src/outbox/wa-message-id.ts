import { randomBytes } from 'node:crypto';

/**
 * A WhatsApp message id, made when the message is accepted: `3EB0` and 18 upper-case hex digits. Every attempt uses it
 * (I8).
 */
export const newWaMessageId = (): string => `3EB0${randomBytes(9).toString('hex').toUpperCase()}`;
