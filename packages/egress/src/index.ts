export { createFleetProxies, type FleetProxies } from './fleet-proxies.ts';
export { type EgressProxy, ProxyFormatError, parseProxy, proxyAddress } from './proxy.ts';
export { ProxyError } from './proxy-error.ts';
export { addressOf, isPublicAddress, PrivateAddressError, publicLookup } from './public-address.ts';
export { openProxy, PROXY_BOX, proxyContext, sealProxy } from './sealed-proxy.ts';
export { createTunnel, type Tunnel, type TunnelOptions } from './tunnel.ts';
