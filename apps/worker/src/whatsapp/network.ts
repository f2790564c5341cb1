import { Agent as HttpsAgent } from 'node:https';
import { fetch, Agent as UndiciAgent } from 'undici';

/** Where and how this worker's sockets connect. One object for all sessions, so that agents are shared. */
export interface NetworkEndpoint {
  wsUrl: string;
  /** For the WebSocket and for media uploads. Absent on the live network: Node's own certificate checks apply. */
  agent?: HttpsAgent;
  /** For media downloads, which go through `fetch`. */
  dispatcher?: UndiciAgent;
}

export interface WhatsAppNetwork {
  /** Asks where to connect; called before each connection. */
  endpoint(): Promise<NetworkEndpoint>;
  close(): Promise<void>;
}

/**
 * The real WhatsApp. TLS is the only thing that authenticates its servers to Baileys (its own signature checks accept
 * anything), so nothing here can be configured: not the address, not the certificates.
 */
export function liveNetwork(): WhatsAppNetwork {
  const endpoint: NetworkEndpoint = { wsUrl: 'wss://web.whatsapp.com/ws/chat' };
  return { endpoint: async () => endpoint, close: async () => undefined };
}

/** The sandbox could not tell where to connect. */
export class SandboxUnreachableError extends Error {
  override name = 'SandboxUnreachableError';
}

const ASK_TIMEOUT_MS = 5_000;

interface SandboxInfo {
  wsUrl: string;
  caPem: string;
}

/**
 * A sandbox, asked anew before each connection: after its restart it may listen elsewhere. Its certificate is checked
 * against the authority that it names, never accepted blindly.
 */
export function sandboxNetwork(sandboxUrl: string): WhatsAppNetwork {
  let known: { info: SandboxInfo; endpoint: NetworkEndpoint } | undefined;
  let asking: Promise<NetworkEndpoint> | undefined;

  async function ask(): Promise<NetworkEndpoint> {
    const info = await readSandboxInfo(sandboxUrl);
    if (known && known.info.wsUrl === info.wsUrl && known.info.caPem === info.caPem) return known.endpoint;
    const agent = new HttpsAgent({ ca: info.caPem });
    const dispatcher = new UndiciAgent({ connect: { ca: info.caPem } });
    known = { info, endpoint: { wsUrl: info.wsUrl, agent, dispatcher } };
    return known.endpoint;
  }

  return {
    endpoint() {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      return asking;
    },
    async close() {
      known?.endpoint.agent?.destroy();
      await known?.endpoint.dispatcher?.close();
    },
  };
}

async function readSandboxInfo(sandboxUrl: string): Promise<SandboxInfo> {
  try {
    const response = await fetch(sandboxUrl, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const info = (await response.json()) as Partial<SandboxInfo>;
    if (!response.ok || !info.wsUrl || !info.caPem) throw new Error(`It answered ${response.status}.`);
    return { wsUrl: info.wsUrl, caPem: info.caPem };
  } catch (cause) {
    throw new SandboxUnreachableError(`The sandbox at ${sandboxUrl} does not answer.`, { cause });
  }
}
