import { DEFAULT_CONNECTION_CONFIG } from './baileys.ts';

/** The version of WhatsApp Web that Baileys was made for. */
export const DEFAULT_CLIENT_VERSION = DEFAULT_CONNECTION_CONFIG.version as [number, number, number];
