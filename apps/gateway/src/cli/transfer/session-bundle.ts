import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CommandError } from '../errors.ts';

export const FORMAT = 'wa-gate-session/1';
const MIN_PASSPHRASE = 12;
const KEY_BYTES = 32;
/** 64 MB and some tenths of a second for each guess. */
const COST = { N: 2 ** 16, r: 8, p: 1, maxmem: 128 * 1024 * 1024 };

const BundleSchema = Type.Object({
  format: Type.Literal(FORMAT),
  exportedAt: Type.String(),
  sessionId: Type.String(),
  phoneNumber: Type.Union([Type.String(), Type.Null()]),
  salt: Type.String(),
  nonce: Type.String(),
  tag: Type.String(),
  /** gzip of the JSON of {@link SessionContent}, AES-256-GCM under a key that scrypt makes of the passphrase. */
  sealed: Type.String(),
});
type Bundle = Static<typeof BundleSchema>;

/** One session with its keys, in clear. */
export interface SessionContent {
  session: {
    slug: string;
    name: string;
    network: 'LIVE' | 'SANDBOX';
    phoneNumber: string | null;
    lid: string | null;
    pushName: string | null;
    settings: Record<string, unknown>;
  };
  /** `value`: the stored bytes in base64. */
  keys: { kind: string; keyId: string; value: string }[];
}

const derive = promisify(scrypt) as (
  passphrase: string,
  salt: Buffer,
  bytes: number,
  options: typeof COST,
) => Promise<Buffer>;

function assertPassphrase(passphrase: string): void {
  if (passphrase.length < MIN_PASSPHRASE) {
    throw new CommandError(
      `The passphrase has to have at least ${MIN_PASSPHRASE} characters: who has the bundle and guesses it has the WhatsApp account. Make one with: openssl rand -base64 18`,
    );
  }
}

/** What is outside of the seal belongs to it, too. */
const context = ({ format, exportedAt, sessionId, phoneNumber }: Omit<Bundle, 'salt' | 'nonce' | 'tag' | 'sealed'>) =>
  Buffer.from(JSON.stringify([format, exportedAt, sessionId, phoneNumber]));

/** The text of a bundle that only the passphrase opens. @throws {CommandError} for a short one */
export async function sealBundle(content: SessionContent, passphrase: string): Promise<string> {
  assertPassphrase(passphrase);
  const { slug, phoneNumber } = content.session;
  const head = { format: FORMAT, exportedAt: new Date().toISOString(), sessionId: slug, phoneNumber } as const;
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, KEY_BYTES, COST), nonce);
  cipher.setAAD(context(head));
  const sealed = Buffer.concat([cipher.update(gzipSync(JSON.stringify(content))), cipher.final()]);
  const text = (bytes: Buffer) => bytes.toString('base64');
  const bundle: Bundle = {
    ...head,
    salt: text(salt),
    nonce: text(nonce),
    tag: text(cipher.getAuthTag()),
    sealed: text(sealed),
  };
  return `${JSON.stringify(bundle, null, 2)}\n`;
}

/** @throws {CommandError} for another passphrase, or another file */
export async function openBundle(text: string, passphrase: string): Promise<SessionContent> {
  let bundle: unknown;
  try {
    bundle = JSON.parse(text);
  } catch {
    bundle = null;
  }
  if (!Value.Check(BundleSchema, bundle))
    throw new CommandError('This file is no bundle that this version of wa-gate reads.');
  const bytes = (value: string) => Buffer.from(value, 'base64');
  const key = await derive(passphrase, bytes(bundle.salt), KEY_BYTES, COST);
  const decipher = createDecipheriv('aes-256-gcm', key, bytes(bundle.nonce));
  decipher.setAAD(context(bundle));
  decipher.setAuthTag(bytes(bundle.tag));
  try {
    const opened = Buffer.concat([decipher.update(bytes(bundle.sealed)), decipher.final()]);
    return JSON.parse(gunzipSync(opened).toString()) as SessionContent;
  } catch (cause) {
    throw new CommandError('The passphrase is not the one of this bundle, or the file was changed.', { cause });
  }
}
