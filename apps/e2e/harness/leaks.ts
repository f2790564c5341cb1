/** The forms in which libsignal and Baileys print keys: names of private fields, and Buffers in their written forms. */
const KEY_MATERIAL = [
  /\bprivKey\b/,
  /\bprivateKey\b/,
  /\brootKey\b/,
  /\bchainKey\b/,
  /\bephemeralKeyPair\b/,
  /\bcurrentRatchet\b/,
  /\bbaseKey\b/,
  /Closing session/i,
  /\bnoiseKey\b/,
  /\bsignedIdentityKey\b/,
  /\badvSecretKey\b/,
  /"type":"Buffer"/,
  /<Buffer (?:[0-9a-f]{2} ?){8}/,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
];

/**
 * Finds lines of the output with key material or a secret, and the rule that matched. The secret itself is not
 * repeated.
 */
export function leaksIn(output: string, secrets: Iterable<string>): string[] {
  const known = [...secrets].filter((secret) => secret.length >= 8);
  const leaks: string[] = [];
  for (const line of output.split('\n')) {
    const pattern = KEY_MATERIAL.find((candidate) => candidate.test(line));
    if (pattern) leaks.push(`${pattern}: ${line.slice(0, 200)}`);
    const secret = known.find((candidate) => line.includes(candidate));
    if (secret)
      leaks.push(`a secret that starts with ${secret.slice(0, 9)}: ${line.replaceAll(secret, '…').slice(0, 200)}`);
  }
  return leaks;
}
