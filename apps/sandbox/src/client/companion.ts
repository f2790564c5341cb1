import { prefixed } from '../signal/curve.ts';
import { S_WHATSAPP_NET } from '../wire/jid.ts';
import { type BinaryNode, child, node, text, uint } from '../wire/node.ts';
import { clientPayload } from './client-payload.ts';
import { type CompanionCredentials, sharedPreKeys } from './credentials.ts';
import { DeviceStore } from './device-store.ts';
import { Link, type LinkClosedError, type SandboxAccess } from './link.ts';
import { Messenger, type ReceivedText } from './messenger.ts';

export interface CompanionOptions {
  sandbox: SandboxAccess;
  credentials: CompanionCredentials;
  /** One-time prekeys to publish. @default 812, as Baileys does */
  preKeyCount?: number;
  onText?: (message: ReceivedText) => void;
  /** Called for a message that could not be read. It is refused (nack), so that it is not sent again. */
  onUnreadable?: (stanza: BinaryNode, error: unknown) => void;
  onClose?: (reason: string) => void;
}

export class LoginError extends Error {
  override readonly name = 'LoginError';
}

/**
 * A scripted companion: logs in, publishes keys, sends and reads 1:1 texts and acknowledges stanzas. It is for load
 * tests with hundreds in one process, and shares no code with Baileys.
 */
export class ScriptedCompanion {
  readonly #options: CompanionOptions;
  readonly #store: DeviceStore;
  readonly #preKeyCount: number;
  #link: Link | undefined;
  #messenger: Messenger | undefined;
  #closeReason = 'connection closed';
  #ready: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor(options: CompanionOptions) {
    this.#options = options;
    this.#preKeyCount = options.preKeyCount ?? 812;
    this.#store = new DeviceStore(options.credentials, this.#preKeyCount);
  }

  /** Resolves when the server has delivered the whole offline queue. */
  login(): Promise<void> {
    const { sandbox, credentials } = this.#options;
    const { linked } = credentials;
    if (!linked) throw new LoginError('these credentials are not linked to an account');
    return new Promise((resolve, reject) => {
      this.#ready = { resolve, reject };
      const link = new Link({
        ...sandbox,
        noiseKey: credentials.noise,
        clientPayload: clientPayload(credentials),
        onNode: (stanza) => this.#onNode(stanza),
        onClose: (error) => this.#onClose(error),
      });
      this.#link = link;
      this.#messenger = new Messenger(link, linked, this.#store);
    });
  }

  sendText(to: string, value: string): Promise<string> {
    if (!this.#messenger) throw new LoginError('log in first');
    return this.#messenger.sendText(to, value);
  }

  close(): void {
    this.#link?.close();
  }

  #onNode(stanza: BinaryNode): void {
    switch (stanza.tag) {
      case 'success':
        this.#begin().catch((error: unknown) => this.#fail(error));
        break;
      case 'failure':
        this.#closeReason = `refused with ${stanza.attrs.reason ?? 'no reason'}`;
        break;
      case 'stream:error':
        this.#closeReason = `stream error ${stanza.attrs.code ?? child(stanza, 'conflict')?.attrs.type ?? 'unknown'}`;
        break;
      case 'ib':
        if (child(stanza, 'offline_preview')) this.#send(node('ib', {}, [node('offline_batch', { count: '100' })]));
        if (child(stanza, 'offline')) this.#ready?.resolve();
        break;
      case 'message':
        this.#onMessage(stanza);
        break;
      case 'notification':
        this.#onNotification(stanza);
        break;
      case 'receipt':
      case 'call':
        this.#send(acknowledge(stanza));
        break;
      case 'iq':
        if (stanza.attrs.type === 'get') {
          this.#send(node('iq', { id: stanza.attrs.id, to: stanza.attrs.from, type: 'result' }));
        }
        break;
    }
  }

  /** The steps after a login: publish keys if they run low, then go active. */
  async #begin(): Promise<void> {
    const count = await this.#query('get', 'encrypt', node('count'));
    if (Number(child(count, 'count')?.attrs.value ?? 0) === 0) await this.#publishKeys();
    await this.#query('set', 'passive', node('active'));
    this.#send(node('presence', { name: this.#options.credentials.pushName, type: 'available' }));
  }

  async #publishKeys(): Promise<void> {
    const { registrationId, identity, signedPreKey } = this.#options.credentials;
    const list = sharedPreKeys(this.#preKeyCount).map((pair, index) =>
      node('key', {}, [node('id', {}, uint(index + 1, 3)), node('value', {}, pair.publicKey)]),
    );
    await this.#query(
      'set',
      'encrypt',
      node('registration', {}, uint(registrationId, 4)),
      node('type', {}, prefixed(identity.publicKey).subarray(0, 1)),
      node('identity', {}, identity.publicKey),
      node('list', {}, list),
      node('skey', {}, [
        node('id', {}, uint(signedPreKey.id, 3)),
        node('value', {}, signedPreKey.pair.publicKey),
        node('signature', {}, signedPreKey.signature),
      ]),
    );
  }

  async #query(type: 'get' | 'set', xmlns: string, ...content: BinaryNode[]): Promise<BinaryNode> {
    const link = this.#link!;
    const answer = await link.ask(node('iq', { id: link.nextId(), to: S_WHATSAPP_NET, type, xmlns }, content));
    if (answer.attrs.type === 'error') {
      throw new LoginError(`${xmlns} was refused: ${child(answer, 'error')?.attrs.code ?? text(answer) ?? 'error'}`);
    }
    return answer;
  }

  #onMessage(stanza: BinaryNode): void {
    const { id, from, participant, category } = stanza.attrs;
    try {
      const message = this.#messenger!.read(stanza);
      const type = category === 'peer' ? 'peer_msg' : message?.fromMe ? 'sender' : undefined;
      this.#send(node('receipt', { id, to: from, participant, type }));
      if (message) this.#options.onText?.(message);
    } catch (error) {
      this.#send(node('ack', { id, to: from, participant, class: 'message', error: '500' }));
      this.#options.onUnreadable?.(stanza, error);
    }
  }

  #onNotification(stanza: BinaryNode): void {
    const { from, type } = stanza.attrs;
    if (from !== undefined && (type === 'devices' || type === 'encrypt')) this.#messenger?.forget(from);
    this.#send(acknowledge(stanza));
  }

  /** Drops the answer to a stanza that is handled while the connection closes, as a real client does. */
  #send(stanza: BinaryNode): void {
    try {
      this.#link?.send(stanza);
    } catch {
      this.#link?.close();
    }
  }

  #onClose(error: LinkClosedError): void {
    this.#fail(new LoginError(this.#closeReason, { cause: error }));
    this.#options.onClose?.(this.#closeReason);
  }

  #fail(error: unknown): void {
    this.#ready?.reject(error instanceof Error ? error : new LoginError(String(error)));
  }
}

function acknowledge(stanza: BinaryNode): BinaryNode {
  const { id, from, type, participant, recipient } = stanza.attrs;
  return node('ack', { class: stanza.tag, id, to: from, type, participant, recipient });
}
