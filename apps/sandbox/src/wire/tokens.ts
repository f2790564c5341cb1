import { DOUBLE_BYTE_TOKENS, SINGLE_BYTE_TOKENS } from '@whiskeysockets/baileys/lib/WABinary/constants.js';

/** The dictionaries of the node codec, and the bytes that introduce everything else. */
export const Tag = {
  LIST_EMPTY: 0,
  DICTIONARY_0: 236,
  DICTIONARY_3: 239,
  INTEROP_JID: 245,
  FB_JID: 246,
  AD_JID: 247,
  LIST_8: 248,
  LIST_16: 249,
  JID_PAIR: 250,
  HEX_8: 251,
  BINARY_8: 252,
  BINARY_20: 253,
  BINARY_32: 254,
  NIBBLE_8: 255,
} as const;

/** Longest string (in characters) that is packed two to a byte. */
export const MAX_PACKED = 127;

/** The data is no legal node, or a node cannot be written. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
}

export const SINGLE_TOKENS: readonly string[] = SINGLE_BYTE_TOKENS.map((token) => token ?? '');
export const DOUBLE_TOKENS: readonly (readonly string[])[] = DOUBLE_BYTE_TOKENS;

/** Token to its wire form: `value` for a single byte, `0x100 * dictionaryTag + index` for two. */
export const TOKEN_CODES: ReadonlyMap<string, number> = buildCodes();

/** The servers whose device addresses travel as AD_JID, by their domain byte. */
export const AD_SERVERS: ReadonlyMap<string, number> = new Map([
  ['s.whatsapp.net', 0],
  ['lid', 1],
  ['hosted', 128],
  ['hosted.lid', 129],
]);

function buildCodes(): Map<string, number> {
  const codes = new Map<string, number>();
  DOUBLE_TOKENS.forEach((dictionary, number) => {
    dictionary.forEach((token, index) => {
      codes.set(token, ((Tag.DICTIONARY_0 + number) << 8) | index);
    });
  });
  // Written last: for a word in both dictionaries the shorter form wins.
  SINGLE_TOKENS.forEach((token, index) => {
    if (token !== '') codes.set(token, index);
  });
  return codes;
}
