import { randomBytes } from 'node:crypto';
import type { Account, Companion } from '../accounts/account.ts';
import { unixSeconds } from '../clock.ts';
import { type BinaryNode, children, node } from '../wire/node.ts';
import type { ServerBase } from './base.ts';
import type { Connection } from './connection.ts';
import { shows } from './privacy.ts';
import { newStanzaId } from './stanza-id.ts';

type CallStatus = 'ringing' | 'accepted' | 'rejected' | 'ended';

export interface Call {
  id: string;
  from: string;
  to: string;
  video: boolean;
  status: CallStatus;
  startedAt: number;
}

const MAX_CALLS = 1000;

/** Call signalling without sound: offers and answers. */
export class Calls {
  private readonly context: ServerBase;
  private readonly calls = new Map<string, Call>();

  constructor(context: ServerBase) {
    this.context = context;
  }

  /**
   * Starts a call of a phone. The companions of the other account ring until the time is over or one of them answers.
   */
  start(from: Account, to: Account, video: boolean, ringMs: number): Call {
    const call: Call = {
      id: randomBytes(16).toString('hex').toUpperCase(),
      from: from.number,
      to: to.number,
      video,
      status: 'ringing',
      startedAt: Date.now(),
    };
    this.calls.set(call.id, call);
    const oldest = this.calls.keys().next();
    if (this.calls.size > MAX_CALLS && !oldest.done) this.calls.delete(oldest.value);
    const media = [node('audio', { enc: 'opus', rate: '16000' }), ...(video ? [node('video', { enc: 'vp8' })] : [])];
    // Who is blocked, or is not known to somebody who wants calls of known people alone, rings nowhere.
    if (!shows(to, from, 'calladd')) return call;
    this.signal(from, to, node('offer', { 'call-id': call.id, 'call-creator': from.jid, caller_pn: from.jid }, media));
    this.context.scheduler.later(ringMs, () => {
      if (call.status === 'ringing') this.end(call, from, to, 'timeout');
    });
    return call;
  }

  /**
   * The phone that is called takes or rejects the call, or one of the two phones hangs up. The companions of the phone
   * that is called are told what another device has done.
   */
  act(call: Call, action: 'accept' | 'reject' | 'hang-up'): void {
    const from = this.context.directory.get(call.from);
    const to = this.context.directory.get(call.to);
    if (action === 'hang-up') {
      if (call.status === 'ringing' || call.status === 'accepted') this.end(call, from, to, '');
      return;
    }
    if (call.status !== 'ringing') return;
    call.status = action === 'accept' ? 'accepted' : 'rejected';
    const reason = action === 'accept' ? 'accepted_elsewhere' : 'rejected_elsewhere';
    this.signal(from, to, this.terminate(call, from, reason));
  }

  find(id: string): Call | undefined {
    return this.calls.get(id);
  }

  list(): Call[] {
    return [...this.calls.values()];
  }

  clear(): void {
    this.calls.clear();
  }

  /**
   * Handles a `<call>` of a companion: an answer, or a call of its own, which rings at the companions of the other
   * account.
   */
  fromCompanion(connection: Connection, companion: Companion, stanza: BinaryNode): void {
    const { id = '', to } = stanza.attrs;
    const refusal = this.context.faults.take('nack', companion.key, ({ stanza: meant }) => meant === 'call');
    connection.send(
      node('ack', { class: 'call', id, from: to, error: refusal ? String(refusal.code ?? 404) : undefined }),
    );
    if (refusal) return;
    const what = children(stanza)[0];
    const callId = what?.attrs['call-id'];
    if (!what || !callId) return;
    const call = this.calls.get(callId);
    if (call && what.tag === 'reject') call.status = 'rejected';
    else if (call && what.tag === 'accept') call.status = 'accepted';
    else if (call && what.tag === 'terminate') call.status = 'ended';
    const peer = this.context.directory.resolve(to)?.account;
    if (peer && peer !== companion.account) this.signal(companion.account, peer, what);
    // The other devices of the answering account stop ringing.
    if (call && call.status !== 'ringing') this.stopSiblings(companion, call);
  }

  private stopSiblings(companion: Companion, call: Call): void {
    const caller = this.context.directory.find(call.from);
    if (!caller || caller === companion.account) return;
    for (const sibling of companion.account.companions.values()) {
      const reason = call.status === 'rejected' ? 'rejected_elsewhere' : 'accepted_elsewhere';
      if (sibling !== companion) this.deliver(caller, sibling, this.terminate(call, caller, reason));
    }
  }

  private end(call: Call, from: Account, to: Account, reason: string): void {
    call.status = 'ended';
    this.signal(from, to, this.terminate(call, from, reason));
  }

  private terminate(call: Call, from: Account, reason: string): BinaryNode {
    return node('terminate', { 'call-id': call.id, 'call-creator': from.jid, reason });
  }

  private signal(from: Account, to: Account, what: BinaryNode): void {
    for (const companion of to.companions.values()) this.deliver(from, companion, what);
  }

  private deliver(from: Account, companion: Companion, what: BinaryNode): void {
    const attrs = { id: newStanzaId(), from: from.jid, t: String(unixSeconds()), notify: from.name };
    this.context.delivery.deliver(companion, node('call', attrs, [what]));
  }
}
