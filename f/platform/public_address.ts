import ipaddr from "ipaddr.js";

/** ipaddr.js calls it unicast; it is Azure's host agent, which answers every machine of that cloud. */
const NOT_PUBLIC_ALTHOUGH_UNICAST = ["168.63.129.16/32"];

/** The only IPv6 block from which addresses are given out (RFC 4291); ipaddr.js takes the rest for unicast, too. */
const GLOBAL_IPV6 = ipaddr.parseCIDR("2000::/3");

/**
 * Whether an address belongs to the public Internet: not loopback, private, link-local, multicast, reserved
 * or a form of IPv6 that carries such an IPv4 address inside.
 *
 * @param ownNetworks - networks in CIDR form that are public by number and ours by ownership.
 */
export function isPublicAddress(address: string, ownNetworks: readonly string[] = []): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== "unicast") return false;
  if (parsed.kind() === "ipv6" && !isInside(parsed, GLOBAL_IPV6)) return false;
  return ![...NOT_PUBLIC_ALTHOUGH_UNICAST, ...ownNetworks].some((network) =>
    isInside(parsed, ipaddr.parseCIDR(network)),
  );
}

function isInside(
  address: ipaddr.IPv4 | ipaddr.IPv6,
  [network, bits]: [ipaddr.IPv4 | ipaddr.IPv6, number],
): boolean {
  return address.kind() === network.kind() && address.match(network, bits);
}
