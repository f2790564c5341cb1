import { Curve, makeNoiseHandler, proto, WA_CERT_DETAILS } from '@whiskeysockets/baileys';
import pino from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { generateKeyPair } from '../signal/curve.ts';
import { makeCertChain } from './certificate.ts';
import { encodeNode } from './codec.ts';
import { FrameReader, frame, INTRO } from './frame.ts';
import { node } from './node.ts';
import { NoiseClient, NoiseError, NoiseServer } from './noise.ts';

const root = generateKeyPair();
const staticKey = generateKeyPair();
const certChain = makeCertChain(root, staticKey.publicKey);
const theirRoot = WA_CERT_DETAILS.PUBLIC_KEY;

function connect(server = new NoiseServer({ staticKey, certChain })) {
  const deviceKey = generateKeyPair();
  const client = new NoiseClient({ staticKey: deviceKey, rootPublic: root.publicKey });
  const finish = client.finish(server.onClientHello(client.hello()), Buffer.from('payload'));
  return { server, client, deviceKey, finish };
}

afterEach(() => {
  Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: theirRoot });
});

describe('noise', () => {
  test('both ends agree: the client is known, frames open in both directions and in order', () => {
    const { server, client, deviceKey, finish } = connect();
    expect(server.stage).toBe('finish');
    expect(server.onClientFinish(finish).toString()).toBe('payload');
    expect(server.remoteStatic).toEqual(deviceKey.publicKey);
    expect([server.stage, client.stage]).toEqual(['transport', 'transport']);
    for (const word of ['one', 'two', 'three']) {
      expect(server.decrypt(client.encrypt(Buffer.from(word))).toString()).toBe(word);
      expect(client.decrypt(server.encrypt(Buffer.from(word))).toString()).toBe(word);
    }
  });

  test('Baileys completes a handshake with our server, with the configured root', async () => {
    Object.assign(WA_CERT_DETAILS, { PUBLIC_KEY: root.publicKey });
    const server = new NoiseServer({ staticKey, certChain });
    const ephemeral = Curve.generateKeyPair();
    const noiseKey = Curve.generateKeyPair();
    const handler = makeNoiseHandler({ keyPair: ephemeral, NOISE_HEADER: INTRO, logger: pino({ level: 'silent' }) });
    const reader = new FrameReader({ side: 'server' });

    const hello = proto.HandshakeMessage.encode({ clientHello: { ephemeral: ephemeral.public } }).finish();
    const [helloBody] = reader.push(Buffer.from(handler.encodeFrame(hello)));
    const answer = proto.HandshakeMessage.decode(server.onClientHello(helloBody!));
    const sealedStatic = handler.processHandshake(answer, noiseKey);
    const payload = handler.encrypt(Buffer.from('client payload'));
    const finish = proto.HandshakeMessage.encode({ clientFinish: { static: sealedStatic, payload } }).finish();
    const [finishBody] = reader.push(Buffer.from(handler.encodeFrame(finish)));
    expect(server.onClientFinish(finishBody!).toString()).toBe('client payload');
    expect(server.remoteStatic).toEqual(noiseKey.public);

    await handler.finishInit();
    const [sealed] = reader.push(Buffer.from(handler.encodeFrame(Buffer.from('up'))));
    expect(server.decrypt(sealed!).toString()).toBe('up');
    const down = frame(server.encrypt(encodeNode(node('success', { t: '1' }))));
    const received: unknown[] = [];
    await handler.decodeFrame(down, (value: unknown) => received.push(value));
    expect(received).toEqual([{ tag: 'success', attrs: { t: '1' } }]);
  });

  test('a client that trusts another root refuses the server', () => {
    const server = new NoiseServer({ staticKey, certChain });
    const client = new NoiseClient({ staticKey: generateKeyPair(), rootPublic: generateKeyPair().publicKey });
    const hello = server.onClientHello(client.hello());
    expect(() => client.finish(hello, Buffer.alloc(0))).toThrow('not signed by the root');
  });

  test('a certificate for another static key is refused', () => {
    const other = new NoiseServer({ staticKey: generateKeyPair(), certChain });
    const client = new NoiseClient({ staticKey: generateKeyPair(), rootPublic: root.publicKey });
    const hello = other.onClientHello(client.hello());
    expect(() => client.finish(hello, Buffer.alloc(0))).toThrow('another static key');
  });

  test('changed, replayed, malformed and untimely messages are NoiseErrors', () => {
    const { server, client, finish } = connect();
    const changed = Buffer.from(finish);
    changed[changed.length - 1]! ^= 1;
    expect(() => connect().server.onClientFinish(changed)).toThrow(NoiseError);
    server.onClientFinish(finish);
    expect(() => server.onClientFinish(finish)).toThrow(NoiseError);
    expect(() => server.onClientHello(client.hello())).toThrow(NoiseError);
    expect(() => new NoiseServer({ staticKey, certChain }).onClientHello(Buffer.from('junk'))).toThrow(NoiseError);
    expect(() => new NoiseServer({ staticKey, certChain }).encrypt(Buffer.alloc(1))).toThrow(NoiseError);
    expect(() => new NoiseServer({ staticKey, certChain }).remoteStatic).toThrow(NoiseError);
    const smallOrder = proto.HandshakeMessage.encode({ clientHello: { ephemeral: Buffer.alloc(32) } }).finish();
    expect(() => new NoiseServer({ staticKey, certChain }).onClientHello(Buffer.from(smallOrder))).toThrow(NoiseError);
    const { client: other } = connect();
    const sealed = other.encrypt(Buffer.from('x'));
    expect(() => server.decrypt(sealed)).toThrow(NoiseError);
    expect(() => server.decrypt(Buffer.alloc(3))).toThrow(NoiseError);
  });
});
