import { type webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

/** The certificates and keys of the TLS listener, with the CA that clients must trust. All PEM. */
export interface TlsIdentity {
  caPem: string;
  caKeyPem: string;
  certPem: string;
  keyPem: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const TEN_YEARS_MS = 10 * 365 * 86_400_000;
const ONE_DAY_MS = 86_400_000;

x509.cryptoProvider.set(globalThis.crypto);

const serial = () =>
  Buffer.from(globalThis.crypto.getRandomValues(new Uint8Array(15)))
    .toString('hex')
    .padStart(32, '01');

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await globalThis.crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
}

const pem = (certificate: x509.X509Certificate) => `${certificate.toString('pem').trim()}\n`;

async function privatePem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await globalThis.crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

const validity = () => ({
  notBefore: new Date(Date.now() - ONE_DAY_MS),
  notAfter: new Date(Date.now() + TEN_YEARS_MS),
});

/**
 * Makes a private CA and a server certificate for the loopback names and `hosts`. TLS alone authenticates a server to
 * Baileys rc14, whose check of the Noise signature is void. So clients are expected to check this chain.
 */
export async function createTlsIdentity(hosts: readonly string[]): Promise<TlsIdentity> {
  const caKeys = await generateKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: 'CN=wa-gate sandbox CA',
    ...validity(),
    signingAlgorithm: ALGORITHM,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  return issueServerCertificate({ caPem: pem(ca), caKeyPem: await privatePem(caKeys) }, hosts);
}

/** A fresh server certificate under an existing CA, as needed when the sandbox moves to another host name. */
export async function issueServerCertificate(
  authority: Pick<TlsIdentity, 'caPem' | 'caKeyPem'>,
  hosts: readonly string[],
): Promise<TlsIdentity> {
  const ca = new x509.X509Certificate(authority.caPem);
  const caKey = await globalThis.crypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(authority.caKeyPem),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'CN=wa-gate sandbox',
    issuer: ca.subject,
    ...validity(),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: caKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(hosts)),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { ...authority, certPem: pem(certificate), keyPem: await privatePem(keys) };
}

/** Whether a stored identity is valid for all of these hosts. */
export function covers(identity: TlsIdentity, hosts: readonly string[]): boolean {
  const certificate = new X509Certificate(identity.certPem);
  if (new Date(certificate.validTo).getTime() < Date.now() + ONE_DAY_MS) return false;
  return hosts.every((host) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined);
}

const alternativeNames = (hosts: readonly string[]): x509.JsonGeneralNames =>
  [...new Set(['127.0.0.1', 'localhost', ...hosts])].map((value) => ({ type: isIP(value) ? 'ip' : 'dns', value }));
