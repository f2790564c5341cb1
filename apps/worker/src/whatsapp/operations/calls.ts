import type { WASocket } from '../baileys.ts';
import { nodeOf, tellNode } from '../nodes.ts';
import type { Performers } from './operation-socket.ts';

export const calls: Performers<'calls'> = {
  async 'calls.reject'({ sock, tellCall }, { call: callId, from }) {
    await rejectCall(sock, callId, from);
    await tellCall({
      callId,
      callerJid: from,
      chatJid: from,
      isVideo: false,
      status: 'rejected',
      rejectedBy: 'api',
      at: new Date(),
    });
    return { callId };
  },
};

/** Rejects a call that rings. @throws as {@link tellNode} */
export async function rejectCall(sock: WASocket, callId: string, from: string): Promise<void> {
  const reject = nodeOf('reject', { 'call-id': callId, 'call-creator': from, count: '0' });
  const id = sock.generateMessageTag();
  await tellNode(sock, nodeOf('call', { id, from: sock.authState.creds.me?.id ?? '', to: from }, [reject]));
}
