import { describe, expect, it } from "vitest";
import { isPublicAddress } from "../../../f/platform/public_address.ts";

describe("isPublicAddress", () => {
  it.each([
    ["this machine", "127.0.0.1"],
    ["this machine, further up", "127.255.255.254"],
    ["any address of this machine", "0.0.0.0"],
    ["a private network", "10.0.0.1"],
    ["a private network", "172.16.0.1"],
    ["a private network", "172.31.255.255"],
    ["a private network", "192.168.1.1"],
    ["a provider's own network", "100.64.0.1"],
    ["a cloud's metadata", "169.254.169.254"],
    ["Azure's host agent", "168.63.129.16"],
    ["IETF protocols", "192.0.0.1"],
    ["documentation", "192.0.2.1"],
    ["documentation", "198.51.100.1"],
    ["documentation", "203.0.113.1"],
    ["benchmarks", "198.18.0.1"],
    ["many at once", "224.0.0.1"],
    ["a future use", "240.0.0.1"],
    ["everybody", "255.255.255.255"],
    ["this machine", "::1"],
    ["any address of this machine", "::"],
    ["IPv4 in IPv6", "::ffff:127.0.0.1"],
    ["IPv4 in IPv6", "::ffff:7f00:1"],
    ["IPv4 in IPv6, an old form", "::127.0.0.1"],
    ["IPv4 behind a translator", "64:ff9b::7f00:1"],
    ["IPv4 behind a local translator", "64:ff9b:1::a00:1"],
    ["IPv4 in a 6to4 tunnel", "2002:7f00:1::"],
    ["a Teredo tunnel", "2001:0:7f00:1::"],
    ["a private network", "fc00::1"],
    ["a private network", "fd12:3456:789a::1"],
    ["this link", "fe80::1"],
    ["this link, with its zone", "fe80::1%eth0"],
    ["an old private network", "fec0::1"],
    ["many at once", "ff02::1"],
    ["documentation", "2001:db8::1"],
    ["documentation", "3fff::1"],
    ["segment routing", "5f00::1"],
    ["a block that nobody was given", "4000::1"],
    ["no address at all", "localhost"],
    ["no address at all", ""],
  ])("refuses %s: %s", (_what, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(["93.184.216.34", "8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])(
    "accepts %s",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it("refuses the installation's own networks, and only those", () => {
    const ownNetworks = ["8.8.8.0/24", "2606:4700::/32"];
    expect(isPublicAddress("8.8.8.8", ownNetworks)).toBe(false);
    expect(isPublicAddress("2606:4700:4700::1111", ownNetworks)).toBe(false);
    expect(isPublicAddress("8.8.4.4", ownNetworks)).toBe(true);
    expect(isPublicAddress("2a00:1450::1", ownNetworks)).toBe(true);
  });
});
