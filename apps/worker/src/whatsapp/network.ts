import { Agent as HttpsAgent } from 'node:https';
import { type Dispatcher, fetch, Agent as UndiciAgent } from 'undici';

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
  media: MediaAccess;
}

/** How files are fetched from WhatsApp. */
export interface MediaAccess {
  /** The host of files whose message names no other one, with its port if that is not 443. */
  host: string;
  /** Whether a host that a message names is one of WhatsApp's. */
  isMediaHost: (host: string) => boolean;
  dispatcher: Dispatcher;
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
  const dispatcher = new UndiciAgent();
  const media: MediaAccess = { host: 'mmg.whatsapp.net', isMediaHost: isOfWhatsApp, dispatcher };
  const endpoint: NetworkEndpoint = { wsUrl: 'wss://web.whatsapp.com/ws/chat', media };
  return { endpoint: async () => endpoint, close: () => dispatcher.destroy() };
}

/** Media hosts are names below this one; a port other than that of HTTPS is none of theirs. */
const isOfWhatsApp = (host: string): boolean => host.endsWith('.whatsapp.net');

/** The sandbox did not return its address. */
export class SandboxUnreachableError extends Error {
  override name = 'SandboxUnreachableError';
}

const ASK_TIMEOUT_MS = 5_000;

interface SandboxInfo {
  wsUrl: string;
  mediaHost: string;
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
    const { wsUrl, mediaHost, caPem } = info;
    if (known && known.info.wsUrl === wsUrl && known.info.mediaHost === mediaHost && known.info.caPem === caPem)
      return known.endpoint;
    const agent = new HttpsAgent({ ca: caPem });
    const dispatcher = new UndiciAgent({ connect: { ca: caPem } });
    const media: MediaAccess = { host: mediaHost, isMediaHost: (host) => host === mediaHost, dispatcher };
    known = { info, endpoint: { wsUrl, agent, dispatcher, media } };
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
      // Not `close`, which waits for every request: a silent host would hold up the end of the process.
      await known?.endpoint.dispatcher?.destroy();
    },
  };
}

async function readSandboxInfo(sandboxUrl: string): Promise<SandboxInfo> {
  try {
    const response = await fetch(sandboxUrl, { signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
    const info = (await response.json()) as Partial<SandboxInfo>;
    const { wsUrl, mediaHost, caPem } = info;
    if (!response.ok || !wsUrl || !mediaHost || !caPem) throw new Error(`It answered ${response.status}.`);
    return { wsUrl, mediaHost, caPem };
  } catch (cause) {
    throw new SandboxUnreachableError(`The sandbox at ${sandboxUrl} does not answer.`, { cause });
  }
}
