import { type Broker, kGetBootstrapConnection, kGetConnection, Producer } from '@platformatic/kafka';

/** Loaded with the first use. */
export { ProduceAcks, stringSerializers } from '@platformatic/kafka';

type Options = ConstructorParameters<typeof Producer<string, string, string, string>>[0];
type OnConnection = Parameters<Producer[typeof kGetConnection]>[1];
type Connection = NonNullable<Parameters<OnConnection>[1]>;

/** A producer that asks before it connects: brokers say where the others are, and these may be anywhere. */
export class GuardedProducer extends Producer<string, string, string, string> {
  readonly #bootstrap: readonly Broker[];
  readonly #allowed: (broker: Broker) => Promise<Broker>;

  /** @param allowed where to connect to instead of the address of a broker; rejects when it may not be */
  constructor(options: Options, bootstrap: readonly Broker[], allowed: (broker: Broker) => Promise<Broker>) {
    super(options);
    this.#bootstrap = bootstrap;
    this.#allowed = allowed;
  }

  override [kGetConnection](broker: Broker, callback: OnConnection): void {
    this.#allowed(broker).then(
      (address) => super[kGetConnection](address, callback),
      (error: Error) => callback(error),
    );
  }

  override [kGetBootstrapConnection](callback: OnConnection): void {
    this.#first().then(
      (connection) => callback(null, connection),
      (error: Error) => callback(error),
    );
  }

  async #first(): Promise<Connection> {
    let failure: unknown;
    for (const broker of this.#bootstrap) {
      try {
        return await new Promise<Connection>((resolve, reject) => {
          this[kGetConnection](broker, (error, connection) => (error ? reject(error) : resolve(connection!)));
        });
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }
}
