import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

type Network = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Addresses and networks, such as `203.0.113.7` and `10.0.0.0/8`; read once, asked often. */
export interface AddressList {
  includes(address: string): boolean;
  /** Whether every address of the other list is in this one. */
  covers(other: AddressList): boolean;
  readonly networks: readonly Network[];
  /** As they were written. */
  readonly entries: readonly string[];
}

const BITS = { ipv4: 32, ipv6: 128 } as const;
const MAPPED_PREFIX = 96;

/** An entry as a network; null when it is none. An IPv4 address that is mapped into IPv6 counts as IPv4. */
function parseNetwork(entry: string): Network | null {
  const [address = '', prefix, ...rest] = entry.split('/');
  if (isIP(address) === 0 || address.includes('%') || rest.length > 0) return null;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return null;
  const parsed = ipaddr.parse(address);
  const length = prefix === undefined ? BITS[parsed.kind()] : Number(prefix);
  if (length > BITS[parsed.kind()]) return null;
  if (parsed instanceof ipaddr.IPv6 && parsed.isIPv4MappedAddress() && length >= MAPPED_PREFIX) {
    return [parsed.toIPv4Address(), length - MAPPED_PREFIX];
  }
  return [parsed, length];
}

/** `match` refuses to compare the two kinds. */
const contains = ([base, length]: Network, address: ipaddr.IPv4 | ipaddr.IPv6): boolean =>
  base.kind() === address.kind() && address.match(base as never, length);

/** The same network written once and for all: without host bits, and without /32 or /128. Null when it is none. */
export function canonicalNetwork(entry: string): string | null {
  const network = parseNetwork(entry);
  if (!network) return null;
  const [address, length] = network;
  if (length === BITS[address.kind()]) return address.toString();
  const Kind = address instanceof ipaddr.IPv4 ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${Kind.networkAddressFromCIDR(`${address.toString()}/${length}`).toString()}/${length}`;
}

/** Entries that are no addresses are left out: {@link canonicalNetwork} has checked them when they came in. */
export function createAddressList(entries: readonly string[]): AddressList {
  const networks = entries.map(parseNetwork).filter((network) => network !== null);
  return {
    networks,
    entries,
    includes(text) {
      if (isIP(text) === 0) return false;
      const address = ipaddr.process(text);
      return networks.some((network) => contains(network, address));
    },
    covers: (other) =>
      other.networks.every(([base, length]) =>
        networks.some((network) => network[1] <= length && contains(network, base)),
      ),
  };
}
