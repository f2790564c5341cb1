import { Agent as HttpsAgent } from 'node:https';
import { fetch, Agent as UndiciAgent } from 'undici';

/** The address and agents for the sockets of this worker. All sessions share one object, and so the agents. */
export interface NetworkEndpoint {
  wsUrl: string;
  /**
   * The agent for the WebSocket and media uploads. Absent on the live network, where the certificate checks of Node
   * apply.
   */
  agent?: HttpsAgent;
  /** The dispatcher for media downloads, which use `fetch`. */
  dispatcher?: UndiciAgent;
}

export interface WhatsAppNetwork {
  /** Returns the address; called before each connection. */
  endpoint(): Promise<NetworkEndpoint>;
  close(): Promise<void>;
}

/**
 * The real WhatsApp. Only TLS authenticates its servers to Baileys, whose own signature checks accept anything. So
 * nothing here can be configured, neither address nor certificates.
 */
export function liveNetwork(): WhatsAppNetwork {
  const endpoint: NetworkEndpoint = { wsUrl: 'wss://web.whatsapp.com/ws/chat' };
  return { endpoint: async () => endpoint, close: async () => undefined };
}

/** The sandbox did not return its address. */
export class SandboxUnreachableError extends Error {
  override name = 'SandboxUnreachableError';
}

const ASK_TIMEOUT_MS = 5_000;

interface SandboxInfo {
  wsUrl: string;
  caPem: string;
}

/**
 * A sandbox, whose address is read before each connection, because a restart may change it. Its certificate is checked
 * against its own authority, never accepted blindly.
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
