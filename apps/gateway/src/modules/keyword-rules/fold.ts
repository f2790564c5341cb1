/**
 * A text as keywords are compared: without case, by the rules of no language, so that it is the same on every machine.
 * The four i of Turkish (I, ı, İ, i) are one, because people write `IPTAL`, `iptal` and `İptal` alike. Width and form
 * of letters (Unicode's NFKC) do not matter, nor do marks that nobody sees, nor how many blanks there are.
 */
export const fold = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    // What is left of İ in lower case is an i with a dot of its own.
    .replaceAll('i\u0307', 'i')
    .replaceAll('ı', 'i')
    .replaceAll(/\p{Cf}|\ufe0e|\ufe0f/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** The same without what stands around the words: `"Stop!"` is `stop`. */
export const foldWords = (text: string): string => fold(text).replaceAll(/^[\p{P}\p{S}\s]+|[\p{P}\p{S}\s]+$/gu, '');
