/** Members of answers that are secrets, in any route. */
const SECRET_MEMBERS = new Set([
  'token',
  'refreshToken',
  'apiKey',
  'secret',
  'csrfToken',
  'qr',
  'pairingCode',
  'password',
  'ticket',
]);
/** Secrets by their form: keys and tokens of the product, JWTs, webhook secrets. */
const SECRET_SHAPES = /\b(?:wag_[a-z]+_\w{8}_\w{43}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|whsec_[\w+/=]{20,})/g;

/** Finds all secrets in a value of an answer. */
export function secretsIn(value: unknown, member = ''): string[] {
  if (typeof value === 'string') {
    const shaped = value.match(SECRET_SHAPES) ?? [];
    return SECRET_MEMBERS.has(member) && value.length >= 8 ? [value, ...shaped] : [...shaped];
  }
  if (Array.isArray(value)) return value.flatMap((item) => secretsIn(item, member));
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, item]) => secretsIn(item, name));
  }
  return [];
}

/** The values of the cookies that an answer sets. */
export const cookieSecrets = (header: string | string[] | undefined): string[] =>
  [header ?? []].flat().flatMap((cookie) => {
    const value = cookie.split(';', 1)[0]?.split('=').slice(1).join('=') ?? '';
    return value.length >= 8 ? [value] : [];
  });

/** The forms of a secret in a log: plain, in JSON, in a URL, in base64. Of bytes: in hex and base64. */
export function formsOf(secret: string | Uint8Array): string[] {
  const bytes = typeof secret === 'string' ? Buffer.from(secret, 'utf8') : Buffer.from(secret);
  const texts =
    typeof secret === 'string' ? [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)] : [];
  // Base64 of an inner text begins at one of three offsets; the middle is the same.
  const base64 = [0, 1, 2].flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = shifted.toString('base64').replaceAll('=', '');
    const inner = whole.slice(offset === 0 ? 0 : offset + 1, -2);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...new Set([...texts, bytes.toString('hex'), ...base64])].filter((form) => form.length >= 8);
}
