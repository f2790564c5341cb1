import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  initAuthCreds,
  type SignalDataSet,
  type SignalDataTypeMap,
  type SignalKeyStore,
} from '@whiskeysockets/baileys';

/** The auth state of a raw Baileys client, in memory. It outlives sockets. */
export interface MemoryAuth {
  state: AuthenticationState;
  /** Everything stored, as `type:id`. */
  keys: Map<string, unknown>;
}

export function createMemoryAuth(creds: AuthenticationCreds = initAuthCreds()): MemoryAuth {
  const keys = new Map<string, unknown>();
  return { state: { creds, keys: memoryKeyStore(keys) }, keys };
}

/** A deep copy, as if it had been read from disk. */
export function cloneAuth(auth: MemoryAuth): MemoryAuth {
  const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value, BufferJSON.replacer), BufferJSON.reviver) as T;
  const clone = createMemoryAuth(copy(auth.state.creds));
  for (const [name, value] of auth.keys) clone.keys.set(name, copy(value));
  return clone;
}

function memoryKeyStore(entries: Map<string, unknown>): SignalKeyStore {
  return {
    get: async <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const found: Record<string, SignalDataTypeMap[T]> = {};
      for (const id of ids) {
        const value = entries.get(`${type}:${id}`);
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T];
      }
      return found;
    },
    set: async (data: SignalDataSet) => {
      for (const [type, values] of Object.entries(data)) {
        for (const [id, value] of Object.entries(values)) {
          if (value === null || value === undefined) entries.delete(`${type}:${id}`);
          else entries.set(`${type}:${id}`, value);
        }
      }
    },
  };
}
