import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { generateKeyPair, type KeyPair, xeddsaSign, xeddsaVerify } from '../signal/curve.ts';

export type { KeyPair } from '../signal/curve.ts';

const { NoiseCertificate } = proto.CertChain;
const DAY = 86_400;
const ROOT_SERIAL = 0;
const INTERMEDIATE_SERIAL = 1;
const LEAF_SERIAL = 2;

export class CertificateError extends Error {
  override readonly name = 'CertificateError';
}

/**
 * Makes the certificate chain of the handshake. The root, which clients have, signs an intermediate, which signs the
 * leaf with the static key of the server.
 *
 * @param nowSeconds start of validity, back-dated by a day
 */
export function makeCertChain(
  root: KeyPair,
  serverStaticPublic: Buffer,
  nowSeconds: number = Math.floor(Date.now() / 1000),
): Buffer {
  const intermediate = generateKeyPair();
  const validity = { notBefore: nowSeconds - DAY, notAfter: nowSeconds + 3650 * DAY };
  // issuerSerial 0 is encoded explicitly: clients compare it with 0, and an absent field decodes to null.
  const intermediateDetails = encodeDetails({
    serial: INTERMEDIATE_SERIAL,
    issuerSerial: ROOT_SERIAL,
    key: intermediate.publicKey,
    ...validity,
  });
  const leafDetails = encodeDetails({
    serial: LEAF_SERIAL,
    issuerSerial: INTERMEDIATE_SERIAL,
    key: serverStaticPublic,
    ...validity,
  });
  const chain = proto.CertChain.encode({
    intermediate: { details: intermediateDetails, signature: xeddsaSign(root.privateKey, intermediateDetails) },
    leaf: { details: leafDetails, signature: xeddsaSign(intermediate.privateKey, leafDetails) },
  });
  return Buffer.from(chain.finish());
}

/** Checks a chain against the root and the proven static key of the server. @throws {CertificateError} */
export function verifyCertChain(chain: Buffer, rootPublic: Buffer, serverStaticPublic: Buffer): void {
  const { intermediate, leaf } = proto.CertChain.decode(chain);
  if (!intermediate?.details || !intermediate.signature || !leaf?.details || !leaf.signature) {
    throw new CertificateError('certificate chain is incomplete');
  }
  const issuer = NoiseCertificate.Details.decode(intermediate.details);
  const subject = NoiseCertificate.Details.decode(leaf.details);
  if (issuer.issuerSerial !== ROOT_SERIAL || subject.issuerSerial !== issuer.serial) {
    throw new CertificateError('certificate chain does not link up');
  }
  if (!xeddsaVerify(rootPublic, Buffer.from(intermediate.details), Buffer.from(intermediate.signature))) {
    throw new CertificateError('intermediate certificate is not signed by the root');
  }
  if (!xeddsaVerify(Buffer.from(issuer.key ?? []), Buffer.from(leaf.details), Buffer.from(leaf.signature))) {
    throw new CertificateError('leaf certificate is not signed by the intermediate');
  }
  if (!serverStaticPublic.equals(subject.key ?? Buffer.alloc(0))) {
    throw new CertificateError('leaf certificate is for another static key');
  }
}

function encodeDetails(details: proto.CertChain.NoiseCertificate.IDetails): Buffer {
  return Buffer.from(NoiseCertificate.Details.encode(details).finish());
}
