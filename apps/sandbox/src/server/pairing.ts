import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys/WAProto/index.js';
import type { Account, Companion } from '../accounts/account.ts';
import type { SignedPreKey } from '../accounts/companion.ts';
import { unixSeconds } from '../clock.ts';
import { SandboxError } from '../errors.ts';
import { AdvError, makeDeviceIdentity, verifyDeviceSignature } from '../signal/adv.ts';
import { prefixed, xeddsaVerify } from '../signal/curve.ts';
import { finishPrimaryPairing, PairingCodeError, startPrimaryPairing } from '../signal/pairing-code.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import { type BinaryNode, bytes, child, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import type { Connection } from './connection.ts';
import { announceDevices } from './device-list.ts';
import { demandPasskey } from './passkey.ts';
import { isKnownDisplay, shownDevice } from './shown-device.ts';
import { newStanzaId } from './stanza-id.ts';

const REFS_PER_CONNECTION = 6;
const ANSWER_TIMEOUT_MS = 20_000;

/** The published data of a client that starts a pairing. */
interface Applicant {
  connection: Connection;
  registrationId: number;
  identityKey: Buffer;
  signedPreKey: SignedPreKey;
  wantsFullHistory: boolean;
  shownAs: string;
  refs: string[];
}

/** A client that is paired by a code, until the code is entered. */
interface CodeRequest {
  applicant: Applicant;
  ref: Buffer;
  wrappedEphemeral: Buffer;
  finish: ((node: BinaryNode) => void) | null;
}

interface ScannedQr {
  ref: string;
  noiseKey: Buffer;
  identityKey: Buffer;
  advSecret: Buffer;
}

/** Links companions: by a QR code that a phone scans, or by a code that is entered on it. */
export class Pairing {
  private readonly context: ServerBase;
  private readonly applicants = new Map<Connection, Applicant>();
  private readonly byRef = new Map<string, Applicant>();
  private readonly codes = new Map<string, CodeRequest>();

  constructor(context: ServerBase) {
    this.context = context;
  }

  /** Sends a new client the references for its QR codes. They are invalid after the connection. */
  offer(connection: Connection, data: proto.ClientPayload.IDevicePairingRegistrationData): void {
    const applicant = this.readApplicant(connection, data);
    if (!applicant) {
      connection.close('failure 400', node('failure', { reason: '400', location: 'sandbox' }));
      return;
    }
    this.applicants.set(connection, applicant);
    for (const ref of applicant.refs) this.byRef.set(ref, applicant);
    connection.onClose(() => this.forget(applicant));
    connection.send(
      node('iq', { from: S_WHATSAPP_NET, type: 'set', id: newStanzaId(), xmlns: 'md' }, [
        node(
          'pair-device',
          {},
          applicant.refs.map((ref) => node('ref', {}, Buffer.from(ref))),
        ),
      ]),
    );
  }

  /** Scans a QR code with a phone. */
  async scan(account: Account, qr: string): Promise<Companion> {
    const scanned = parseQr(qr);
    const applicant = this.byRef.get(scanned.ref);
    if (!applicant) {
      throw new SandboxError(
        410,
        'QR_EXPIRED',
        'This QR code is not (any more) offered by a connected client; show a new one.',
      );
    }
    if (!applicant.connection.noiseKey.equals(scanned.noiseKey) || !applicant.identityKey.equals(scanned.identityKey)) {
      throw new SandboxError(400, 'QR_MISMATCH', 'The keys in the QR code are not those of the client that shows it.');
    }
    return this.link(account, applicant, scanned.advSecret);
  }

  /** Stage 1 of a pairing by code: a client announces the number for which it shows a code. */
  codeHello(connection: Connection, registration: BinaryNode): Buffer | null {
    const applicant = this.applicants.get(connection);
    const wrappedEphemeral = bytes(child(registration, 'link_code_pairing_wrapped_companion_ephemeral_pub'));
    const given = registration.attrs.jid?.split('@')[0];
    const display = bytes(child(registration, 'companion_platform_display'))?.toString() ?? '';
    if (!applicant || !wrappedEphemeral || !given || !isKnownDisplay(display)) return null;
    // People write their number as they call it.
    const number = this.context.directory.findByAnyNumber(given)?.number ?? given;
    const ref = Buffer.from(`ref-${newStanzaId()}`);
    this.codes.set(number, { applicant, ref, wrappedEphemeral, finish: null });
    return ref;
  }

  /** Enters a code on a phone. */
  async enterCode(account: Account, code: string): Promise<Companion> {
    const request = this.codes.get(account.number);
    if (!request) {
      throw new SandboxError(
        409,
        'NO_CODE_REQUESTED',
        `No connected client asks to be linked to ${account.number} by code; request a pairing code first.`,
      );
    }
    const { applicant, ref } = request;
    try {
      const pairing = await startPrimaryPairing(
        code.replace(/[^0-9a-z]/gi, '').toUpperCase(),
        request.wrappedEphemeral,
      );
      const finished = this.withTimeout(
        applicant.connection,
        new Promise<BinaryNode>((resolve) => {
          request.finish = resolve;
        }),
      );
      applicant.connection.send(
        node(
          'notification',
          { from: S_WHATSAPP_NET, type: 'link_code_companion_reg', id: newStanzaId(), t: String(unixSeconds()) },
          [
            node('link_code_companion_reg', { stage: 'primary_hello' }, [
              node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, pairing.wrappedEphemeral),
              node('primary_identity_pub', {}, this.context.phones.of(account).keys.identity.publicKey),
              node('link_code_pairing_ref', {}, ref),
            ]),
          ],
        ),
      );
      const registration = await finished;
      const { advSecret, companionIdentity } = finishPrimaryPairing({
        pairing,
        phoneIdentity: this.context.phones.of(account).keys.identity,
        wrappedBundle: bytes(child(registration, 'link_code_pairing_wrapped_key_bundle')) ?? Buffer.alloc(0),
        companionIdentity: bytes(child(registration, 'companion_identity_public')) ?? Buffer.alloc(0),
      });
      if (!companionIdentity.equals(applicant.identityKey)) {
        throw new PairingCodeError('companion finished with another identity than it registered');
      }
      return await this.link(account, applicant, advSecret);
    } catch (error) {
      if (!(error instanceof PairingCodeError)) throw error;
      throw new SandboxError(400, 'CODE_WRONG', `The pairing code was not accepted: ${error.message}.`);
    }
  }

  /** Stage 3: the client proves its knowledge of the code. */
  codeFinish(connection: Connection, registration: BinaryNode): boolean {
    for (const request of this.codes.values()) {
      if (request.applicant.connection !== connection || !request.finish) continue;
      request.finish(registration);
      return true;
    }
    return false;
  }

  private async link(account: Account, applicant: Applicant, advSecret: Buffer): Promise<Companion> {
    const { connection } = applicant;
    const { recorder, journal } = this.context;
    this.forget(applicant); // a code is good for one device
    demandPasskey(this.context, account, connection);
    const device = account.allotDevice();
    const phoneIdentity = this.context.phones.of(account).keys.identity;
    const issued = makeDeviceIdentity({
      phoneIdentity,
      companionIdentity: applicant.identityKey,
      advSecret,
      rawId: account.rawId,
      keyIndex: device,
      timestamp: unixSeconds(),
    });
    const answer = await this.withTimeout(
      connection,
      connection.request(
        node(
          'iq',
          {
            from: S_WHATSAPP_NET,
            to: S_WHATSAPP_NET,
            type: 'set',
            id: newStanzaId(),
            xmlns: 'md',
            t: String(unixSeconds()),
          },
          [
            node('pair-success', {}, [
              node('device-identity', {}, issued.content),
              node('device', { jid: account.deviceJid(device, 'pn'), lid: account.deviceJid(device, 'lid') }),
              node('platform', { name: 'android' }),
            ]),
          ],
        ),
      ),
    );
    const signed = bytes(child(child(answer, 'pair-device-sign'), 'device-identity')) ?? Buffer.alloc(0);
    const companion = account.addCompanion({
      id: device,
      keyIndex: device,
      registrationId: applicant.registrationId,
      noiseKey: connection.noiseKey,
      identityKey: applicant.identityKey,
      signedPreKey: applicant.signedPreKey,
      signedIdentity: this.checkSignature(connection, signed, issued, applicant, phoneIdentity.publicKey),
      platform: platformOf(connection),
      shownAs: applicant.shownAs,
      pairedAt: Date.now(),
      wantsFullHistory: applicant.wantsFullHistory,
    });
    recorder.paired();
    if (connection.stream) connection.stream.device = companion.key;
    journal.flush(); // the client will hold on to this pairing from now on
    connection.close('paired', node('stream:error', { code: '515' }));
    announceDevices(this.context, account);
    return companion;
  }

  private checkSignature(
    connection: Connection,
    signed: Buffer,
    issued: ReturnType<typeof makeDeviceIdentity>,
    applicant: Applicant,
    phoneIdentity: Buffer,
  ): Buffer {
    try {
      return verifyDeviceSignature({ signed, issued, phoneIdentity, companionIdentity: applicant.identityKey });
    } catch (error) {
      if (!(error instanceof AdvError)) throw error;
      this.context.recorder.violation(null, 'device-signature', error.message);
      connection.close('device signature', node('failure', { reason: '400', location: 'sandbox' }));
      throw new SandboxError(502, 'PAIRING_FAILED', `The client's device signature was refused: ${error.message}.`);
    }
  }

  private readApplicant(
    connection: Connection,
    data: proto.ClientPayload.IDevicePairingRegistrationData,
  ): Applicant | null {
    const field = (value: Uint8Array | null | undefined, length: number): Buffer => {
      if (value?.length !== length)
        throw new RangeError(`registration field has ${value?.length ?? 0} bytes, not ${length}`);
      return Buffer.from(value);
    };
    const { recorder } = this.context;
    try {
      const identityKey = field(data.eIdent, 32);
      const signedPreKey: SignedPreKey = {
        id: field(data.eSkeyId, 3).readUIntBE(0, 3),
        publicKey: field(data.eSkeyVal, 32),
        signature: field(data.eSkeySig, 64),
      };
      if (!xeddsaVerify(identityKey, prefixed(signedPreKey.publicKey), signedPreKey.signature)) {
        recorder.violation(null, 'signed-prekey-signature', 'at registration');
        return null;
      }
      return {
        connection,
        registrationId: field(data.eRegid, 4).readUInt32BE(0),
        identityKey,
        signedPreKey,
        wantsFullHistory: proto.DeviceProps.decode(data.deviceProps ?? new Uint8Array()).requireFullSync ?? false,
        shownAs: shownDevice(data.deviceProps),
        refs: Array.from({ length: REFS_PER_CONNECTION }, () => `2@${randomBytes(48).toString('base64')}`),
      };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      recorder.violation(null, 'registration', error.message);
      return null;
    }
  }

  private withTimeout<T>(connection: Connection, promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string) => {
        clearTimeout(timer);
        reject(new SandboxError(502, 'PAIRING_FAILED', `The client did not complete the pairing: ${reason}.`));
      };
      const timer = setTimeout(() => fail('no answer in 20 s'), ANSWER_TIMEOUT_MS);
      timer.unref();
      connection.onClose(() => fail('it closed the connection'));
      promise.then((value) => {
        clearTimeout(timer);
        resolve(value);
      }, reject);
    });
  }

  private forget(applicant: Applicant): void {
    this.applicants.delete(applicant.connection);
    for (const ref of applicant.refs) this.byRef.delete(ref);
    for (const [number, request] of this.codes) if (request.applicant === applicant) this.codes.delete(number);
  }
}

/** `[https://…#]ref,noise key,identity key,secret[,platform]`; older clients show the comma list alone. */
function parseQr(qr: string): ScannedQr {
  const [ref, noiseKey, identityKey, advSecret] = qr.slice(qr.indexOf('#') + 1).split(',');
  if (!ref || !noiseKey || !identityKey || !advSecret) {
    throw new SandboxError(400, 'QR_INVALID', 'Field `qr` is not the text of a WhatsApp linking code.');
  }
  const key = (value: string) => Buffer.from(value, 'base64');
  return { ref, noiseKey: key(noiseKey), identityKey: key(identityKey), advSecret: key(advSecret) };
}

function platformOf(connection: Connection): string {
  return connection.payload?.webInfo ? 'web' : 'desktop';
}
