/** Members of answers that are secrets, whatever route they come from. */
const SECRET_MEMBERS = new Set([
  'token',
  'refreshToken',
  'apiKey',
  'secret',
  'csrfToken',
  'qr',
  'pairingCode',
  'password',
]);
/** Secrets by their looks, wherever they stand: keys and tokens of ours, JWTs, webhook secrets. */
const SECRET_SHAPES = /\b(?:wag_[a-z]+_\w{8}_\w{43}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|whsec_[\w+/=]{20,})/g;

/** All secrets in a value of an answer. */
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

/** A secret as it could stand in a log: as it is, in JSON, in a URL, in base64. */
export function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const escaped = JSON.stringify(secret).slice(1, -1);
  // Base64 of a text inside of another begins at any of three places; the middle is the same.
  const base64 = [0, 1, 2].flatMap((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]);
    const whole = shifted.toString('base64').replaceAll('=', '');
    const inner = whole.slice(offset === 0 ? 0 : offset + 1, -2);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...new Set([secret, escaped, encodeURIComponent(secret), bytes.toString('hex'), ...base64])].filter(
    (form) => form.length >= 8,
  );
}
