const CENSORED = '[redacted]';

/** A rule with a text without which it cannot match. That search is cheap, and most lines have no match. */
interface Rule {
  hint: string;
  pattern: RegExp;
  replacement: string;
}

// No word boundaries: in JSON the character before may be the letter of an escape such as \n.
const RULES: readonly Rule[] = [
  // Tokens of ids.ts. The public part stays, so that a key can be recognised.
  { hint: 'wag_', pattern: /(wag_[a-z]{1,12}_(?:[A-Za-z0-9]{8}_)?)[A-Za-z0-9]{16,}/g, replacement: `$1${CENSORED}` },
  { hint: 'eyJ', pattern: /eyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)?/g, replacement: CENSORED },
  { hint: 'whsec_', pattern: /whsec_[\w+/=%-]{8,}/g, replacement: `whsec_${CENSORED}` },
  { hint: 'earer ', pattern: /([Bb]earer )[\w.~+/=-]{16,}/g, replacement: `$1${CENSORED}` },
  { hint: 'asic ', pattern: /([Bb]asic )[\w+/=-]{16,}/g, replacement: `$1${CENSORED}` },
  { hint: '://', pattern: /(:\/\/[^\s/:@"\\]*:)[^\s/@"\\]+@/g, replacement: `$1${CENSORED}@` },
  {
    hint: '=',
    pattern: /([?&;](?:api_?key|(?:access|refresh|csrf)?_?token|password|secret|signature)=)[^&;\s"\\#]+/gi,
    replacement: `$1${CENSORED}`,
  },
];

/** Shorter values would match by chance. */
const MIN_SECRET_LENGTH = 6;

/**
 * Removes secrets from a finished log line: from fields, messages, URLs and stacks. The table above has their shapes;
 * `secrets` are the configured values of this process. It is a second guard: secrets should not be logged at all.
 */
export function createCensor(secrets: readonly (string | undefined)[] = []): (line: string) => string {
  const known = [...new Set(secrets)]
    .filter((secret): secret is string => secret !== undefined && secret.length >= MIN_SECRET_LENGTH)
    // Escaped as in JSON. The longest first, because one may contain another.
    .map((secret) => JSON.stringify(secret).slice(1, -1))
    .sort((a, b) => b.length - a.length);

  return (line) => {
    let censored = line;
    for (const secret of known) if (censored.includes(secret)) censored = censored.replaceAll(secret, CENSORED);
    for (const { hint, pattern, replacement } of RULES) {
      if (censored.includes(hint)) censored = censored.replace(pattern, replacement);
    }
    return censored;
  };
}
