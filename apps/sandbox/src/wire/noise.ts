import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import { CurveError, generateKeyPair, type KeyPair, sharedSecret } from '../signal/curve.ts';
import { verifyCertChain } from './certificate.ts';
import { INTRO } from './frame.ts';
import { type CipherState, NoiseError, SymmetricState } from './noise-state.ts';

export { NoiseError } from './noise-state.ts';

/**
 * Both ends of Noise_XX_25519_AESGCM_SHA256 in the variant of WhatsApp. They work on frame bodies (no length prefix)
 * and drop the state of the handshake when the transport begins, so that an idle connection keeps two cipher states
 * only.
 */
export type NoiseStage = 'hello' | 'finish' | 'transport';

interface Transport {
  readonly out: CipherState;
  readonly in: CipherState;
}

/** The static key of a server, and the certificate chain that signs it. */
export interface NoiseKeys {
  readonly staticKey: KeyPair;
  readonly certChain: Buffer;
}

export class NoiseServer {
  readonly #staticKey: KeyPair;
  readonly #certChain: Buffer;
  #handshake: { symmetric: SymmetricState; ephemeral?: KeyPair } | undefined;
  #transport: Transport | undefined;
  #remoteStatic: Buffer | undefined;

  constructor(options: NoiseKeys) {
    this.#staticKey = options.staticKey;
    this.#certChain = options.certChain;
    const symmetric = new SymmetricState();
    symmetric.mixHash(INTRO);
    this.#handshake = { symmetric };
  }

  get stage(): NoiseStage {
    if (this.#transport) return 'transport';
    return this.#handshake?.ephemeral ? 'finish' : 'hello';
  }

  /** The client's static key: the credential of its device. Known once the handshake is finished. */
  get remoteStatic(): Buffer {
    if (!this.#remoteStatic) throw new NoiseError('the client is not known before the handshake ends');
    return this.#remoteStatic;
  }

  /** Takes the body of the client's first frame and returns the body to answer with. */
  onClientHello(body: Buffer): Buffer {
    const handshake = this.#handshake;
    if (!handshake || handshake.ephemeral) throw new NoiseError('client hello out of turn');
    const theirs = key32(decodeHandshake(body).clientHello?.ephemeral, 'client ephemeral');
    const ephemeral = generateKeyPair();
    const { symmetric } = handshake;
    symmetric.mixHash(theirs);
    symmetric.mixHash(ephemeral.publicKey);
    symmetric.mixKey(agree(ephemeral.privateKey, theirs));
    const sealedStatic = symmetric.encryptAndHash(this.#staticKey.publicKey);
    symmetric.mixKey(agree(this.#staticKey.privateKey, theirs));
    const payload = symmetric.encryptAndHash(this.#certChain);
    handshake.ephemeral = ephemeral;
    return encodeHandshake({ serverHello: { ephemeral: ephemeral.publicKey, static: sealedStatic, payload } });
  }

  /** Takes the body of the client's second frame and returns the bytes of its ClientPayload. */
  onClientFinish(body: Buffer): Buffer {
    const handshake = this.#handshake;
    if (!handshake?.ephemeral) throw new NoiseError('client finish out of turn');
    const { clientFinish } = decodeHandshake(body);
    const { symmetric, ephemeral } = handshake;
    const remoteStatic = key32(symmetric.decryptAndHash(field(clientFinish?.static, 'client static')), 'client static');
    symmetric.mixKey(agree(ephemeral.privateKey, remoteStatic));
    const payload = symmetric.decryptAndHash(field(clientFinish?.payload, 'client payload'));
    const [fromClient, toClient] = symmetric.split();
    this.#transport = { in: fromClient, out: toClient };
    this.#remoteStatic = Buffer.from(remoteStatic);
    this.#handshake = undefined;
    return payload;
  }

  encrypt(plain: Buffer): Buffer {
    return established(this.#transport).out.seal(plain);
  }

  decrypt(sealed: Buffer): Buffer {
    return established(this.#transport).in.open(sealed);
  }
}

export class NoiseClient {
  readonly #staticKey: KeyPair;
  readonly #rootPublic: Buffer;
  #handshake: { symmetric: SymmetricState; ephemeral: KeyPair } | undefined;
  #transport: Transport | undefined;

  /** @param options.rootPublic the root that the server's certificate chain must lead to */
  constructor(options: { staticKey: KeyPair; rootPublic: Buffer }) {
    this.#staticKey = options.staticKey;
    this.#rootPublic = options.rootPublic;
  }

  get stage(): NoiseStage {
    if (this.#transport) return 'transport';
    return this.#handshake ? 'finish' : 'hello';
  }

  /** The body of the first frame (to be sent after the intro). */
  hello(): Buffer {
    const symmetric = new SymmetricState();
    const ephemeral = generateKeyPair();
    symmetric.mixHash(INTRO);
    symmetric.mixHash(ephemeral.publicKey);
    this.#handshake = { symmetric, ephemeral };
    return encodeHandshake({ clientHello: { ephemeral: ephemeral.publicKey } });
  }

  /** Takes the server's answer, checks its certificate, and returns the body of the second frame. */
  finish(body: Buffer, clientPayload: Buffer): Buffer {
    if (!this.#handshake) throw new NoiseError('server hello out of turn');
    const { symmetric, ephemeral } = this.#handshake;
    const { serverHello } = decodeHandshake(body);
    const theirs = key32(serverHello?.ephemeral, 'server ephemeral');
    symmetric.mixHash(theirs);
    symmetric.mixKey(agree(ephemeral.privateKey, theirs));
    const serverStatic = key32(symmetric.decryptAndHash(field(serverHello?.static, 'server static')), 'server static');
    symmetric.mixKey(agree(ephemeral.privateKey, serverStatic));
    const certChain = symmetric.decryptAndHash(field(serverHello?.payload, 'server certificate'));
    verifyCertChain(certChain, this.#rootPublic, serverStatic);
    const sealedStatic = symmetric.encryptAndHash(this.#staticKey.publicKey);
    symmetric.mixKey(agree(this.#staticKey.privateKey, theirs));
    const payload = symmetric.encryptAndHash(clientPayload);
    const [toServer, fromServer] = symmetric.split();
    this.#transport = { in: fromServer, out: toServer };
    this.#handshake = undefined;
    return encodeHandshake({ clientFinish: { static: sealedStatic, payload } });
  }

  encrypt(plain: Buffer): Buffer {
    return established(this.#transport).out.seal(plain);
  }

  decrypt(sealed: Buffer): Buffer {
    return established(this.#transport).in.open(sealed);
  }
}

/** A key of the peer without a valid agreement is a failed handshake. */
function agree(privateKey: Buffer, publicKey: Buffer): Buffer {
  try {
    return sharedSecret(privateKey, publicKey);
  } catch (cause) {
    if (cause instanceof CurveError) throw new NoiseError('key agreement refused', { cause });
    throw cause;
  }
}

function established(transport: Transport | undefined): Transport {
  if (!transport) throw new NoiseError('the handshake has not ended');
  return transport;
}

function decodeHandshake(body: Buffer): proto.HandshakeMessage {
  try {
    return proto.HandshakeMessage.decode(body);
  } catch (cause) {
    throw new NoiseError('not a handshake message', { cause });
  }
}

function encodeHandshake(message: proto.IHandshakeMessage): Buffer {
  return Buffer.from(proto.HandshakeMessage.encode(message).finish());
}

function field(value: Uint8Array | null | undefined, name: string): Buffer {
  if (!value || value.length === 0) throw new NoiseError(`${name} is missing`);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

function key32(value: Uint8Array | null | undefined, name: string): Buffer {
  const key = field(value, name);
  if (key.length !== 32) throw new NoiseError(`${name} has ${key.length} bytes`);
  return key;
}
