import { lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { addressOf, isPublicAddress, PrivateAddressError, publicLookup } from '@wa-gate/egress';

/** Keeps connections to brokers out of our own network, at the moment of connecting. */
export interface AddressGuard {
  /** For sockets that look names up; an address in the place of a name never comes here. */
  lookup: LookupFunction | undefined;
  /** @throws {PrivateAddressError} when the host is an address of a private network */
  assertHost(host: string): void;
  /**
   * The address to connect to, for clients that take no lookup of ours. It is checked, and stays what was checked.
   *
   * @throws {PrivateAddressError}
   */
  addressFor(host: string): Promise<string>;
}

const refusal = (host: string) =>
  new PrivateAddressError(`${host} is a private address; set WEBHOOK_ALLOW_PRIVATE=true to deliver there.`);

export function createAddressGuard({ allowPrivate }: { allowPrivate: boolean }): AddressGuard {
  const lookup = allowPrivate ? undefined : publicLookup(refusal);

  function assertHost(host: string): void {
    const address = addressOf(host);
    if (!allowPrivate && address && !isPublicAddress(address)) throw refusal(host);
  }

  return {
    lookup,
    assertHost,
    addressFor(host) {
      return new Promise((resolve, reject) => {
        try {
          assertHost(host);
        } catch (error) {
          reject(error as Error);
          return;
        }
        const literal = addressOf(host);
        if (literal) {
          resolve(literal);
          return;
        }
        const look: LookupFunction = lookup ?? (systemLookup as LookupFunction);
        look(host, { all: false }, (error, address) => {
          if (error) reject(error);
          else resolve(address as string);
        });
      });
    },
  };
}
