/** A real broker of a test, on loopback. What it has stored survives its end. */
export interface Broker {
  /** With user and password. */
  url: string;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Again, at the same port and with the same data. Resolves when it takes connections. */
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}
