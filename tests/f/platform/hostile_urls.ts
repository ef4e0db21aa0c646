/** URLs that a stranger may hand in to reach what is inside, and why each is refused. */

/** A public address by number to which no route exists: IANA has given 2d00::/8 to nobody. */
export const UNREACHABLE = "2d00::1";

/** What DNS answers for the names below. */
export const NAMES: Record<string, string[][]> = {
  localhost: [["127.0.0.1"]],
  "127.0.0.1.nip.test": [["127.0.0.1"]],
  "inside.test": [["10.1.2.3"]],
  "inside6.test": [["::1"]],
  "mapped.test": [["::ffff:127.0.0.1"]],
  "nat64.test": [["64:ff9b::a00:1"]],
  "mixed.test": [[UNREACHABLE, "127.0.0.1"]],
  "mixed-first.test": [["192.168.0.1", UNREACHABLE]],
  "metadata.google.internal": [["169.254.169.254"]],
  "nonsense.test": [["127.0.0.1 "]],
  "nobody.test": [[]],
};

export interface HostileUrl {
  url: string;
  error: "AddressNotPublicError" | "UrlNotAllowedError" | "HostNotFoundError";
  /** what the message names: the address it leads to, or the rule */
  because: string;
}

/** Ways to write 127.0.0.1 in a URL. Each reaches a listener there once its host and port are allowed. */
export const LOOPBACK_HOSTS = [
  "127.0.0.1",
  "127.1",
  "127.0.1",
  "127.0.0.1.",
  "127.000.000.001",
  "2130706433",
  "017700000001",
  "0x7f000001",
  "0X7F000001",
  "0x7f.1",
  "0x7f.0x0.0x0.0x1",
  "0177.0.0.1",
  "0177.0x0.1",
  "00000177.0.0.01",
  "%31%32%37.0.0.1",
  "127%2e0%2e0%2e1",
  "127.0.\t0.1",
  "127。0。0。1",
  "127｡0｡0｡1",
  "１２７.０.０.１",
  "①②⑦.⓪.⓪.①",
  "127.0.0.1\u00ad",
];

/** Ways to write a name that leads to 127.0.0.1. */
export const LOOPBACK_NAMES = [
  "localhost",
  "localhost.",
  "LOCALHOST",
  "ｌｏｃａｌｈｏｓｔ",
  "ⓛⓞⓒⓐⓛhost",
  "local\u00adhost",
  "127.0.0.1.nip.test",
];

/** [host as written, the address it leads to] */
const ADDRESSES: [string, string][] = [
  ...LOOPBACK_HOSTS.map((host): [string, string] => [host, "127.0.0.1"]),
  ...LOOPBACK_NAMES.map((host): [string, string] => [host, "127.0.0.1"]),
  ["127.255.255.254", "127.255.255.254"],
  ["0", "0.0.0.0"],
  ["0.0.0.0", "0.0.0.0"],
  ["10.0.0.1", "10.0.0.1"],
  ["0xa.1", "10.0.0.1"],
  ["172.16.0.1", "172.16.0.1"],
  ["192.168.257", "192.168.1.1"],
  ["100.64.0.1", "100.64.0.1"],
  ["198.18.0.1", "198.18.0.1"],
  ["224.0.0.251", "224.0.0.251"],
  ["255.255.255.255", "255.255.255.255"],
  // metadata: AWS, GCP and Azure; ECS; Azure's agent; Alibaba; Oracle; AWS over IPv6
  ["169.254.169.254", "169.254.169.254"],
  ["2852039166", "169.254.169.254"],
  ["0xA9FEA9FE", "169.254.169.254"],
  ["0251.0376.0251.0376", "169.254.169.254"],
  ["169.254.43518", "169.254.169.254"],
  ["169.254.170.2", "169.254.170.2"],
  ["168.63.129.16", "168.63.129.16"],
  ["100.100.100.200", "100.100.100.200"],
  ["192.0.0.192", "192.0.0.192"],
  ["[fd00:ec2::254]", "fd00:ec2::254"],
  ["metadata.google.internal", "169.254.169.254"],
  ["metadata.google.internal.", "169.254.169.254"],
  ["[::1]", "::1"],
  ["[0:0:0:0:0:0:0:1]", "::1"],
  ["[::]", "::"],
  ["[::ffff:127.0.0.1]", "::ffff:7f00:1"],
  ["[::FFFF:7F00:1]", "::ffff:7f00:1"],
  ["[::ffff:a9fe:a9fe]", "::ffff:a9fe:a9fe"],
  ["[::127.0.0.1]", "::7f00:1"],
  ["[64:ff9b::127.0.0.1]", "64:ff9b::7f00:1"],
  ["[64:ff9b:1::10.0.0.1]", "64:ff9b:1::a00:1"],
  ["[2002:7f00:1::]", "2002:7f00:1::"],
  ["[2002:a9fe:a9fe::1]", "2002:a9fe:a9fe::1"],
  ["[2001:0:7f00:1::]", "2001:0:7f00:1::"],
  ["[fe80::1]", "fe80::1"],
  ["[fc00::1]", "fc00::1"],
  ["[fec0::1]", "fec0::1"],
  ["[ff02::1]", "ff02::1"],
  ["inside.test", "10.1.2.3"],
  ["inside6.test", "::1"],
  ["mapped.test", "::ffff:127.0.0.1"],
  ["nat64.test", "64:ff9b::a00:1"],
  ["mixed.test", "127.0.0.1"],
  ["mixed-first.test", "192.168.0.1"],
  ["nonsense.test", "127.0.0.1 "],
];

const NO_URL = "it is not a URL";
const SCHEME = "only http and https are allowed";
const LOGIN = "it contains a user name or a password";
const PORT = "only the ports 80 and 443 are allowed";

/** [URL as written, the rule that refuses it] */
const RULES: [string, string][] = [
  ["", NO_URL],
  ["//127.0.0.1/", NO_URL],
  ["http://", NO_URL],
  ["http://127.0.0.1.1/", NO_URL],
  ["http://256.256.256.256/", NO_URL],
  ["http://4294967296/", NO_URL],
  ["http://0x100000000/", NO_URL],
  ["http://127.0.0.1:65536/", NO_URL],
  ["http://127.0.0.1%00.example.com/", NO_URL],
  ["http://exa mple.com/", NO_URL],
  ["http://[::1%25lo]/", NO_URL],
  ["http://[fe80::1%eth0]/", NO_URL],
  ["http://[::1/", NO_URL],
  ["file:///etc/passwd", SCHEME],
  ["file://127.0.0.1/etc/passwd", SCHEME],
  ["ftp://127.0.0.1/", SCHEME],
  ["gopher://127.0.0.1:6379/_INFO", SCHEME],
  ["dict://127.0.0.1:11211/stats", SCHEME],
  ["ws://127.0.0.1/", SCHEME],
  ["data:text/html,hello", SCHEME],
  ["javascript:alert(1)", SCHEME],
  ["jar:http://127.0.0.1!/", SCHEME],
  ["http://example.com@127.0.0.1/", LOGIN],
  ["http://example.com:80@127.0.0.1/", LOGIN],
  ["http://127.0.0.1%2f@example.com/", LOGIN],
  ["http://:secret@example.com/", LOGIN],
  ["http://example.com:22/", PORT],
  ["http://example.com:6379/", PORT],
  ["http://example.com:8080/", PORT],
  ["http://example.com:0/", PORT],
  ["https://example.com:8443/", PORT],
  ["http://[2606:4700:4700::1111]:8080/", PORT],
];

export const HOSTILE_URLS: HostileUrl[] = [
  ...ADDRESSES.map(([host, because]): HostileUrl => {
    return {
      url: `http://${host}/`,
      error: "AddressNotPublicError",
      because: `leads to ${because},`,
    };
  }),
  ...RULES.map(([url, because]): HostileUrl => ({ url, error: "UrlNotAllowedError", because })),
  {
    url: "https://0x7f.1/",
    error: "AddressNotPublicError",
    because: "leads to 127.0.0.1,",
  },
  {
    // a backslash is a slash here: the host is what stands before it
    url: "http://127.0.0.1\\@example.com/",
    error: "AddressNotPublicError",
    because: "leads to 127.0.0.1,",
  },
  {
    url: "http:127.0.0.1/",
    error: "AddressNotPublicError",
    because: "leads to 127.0.0.1,",
  },
  { url: "http://nobody.test/", error: "HostNotFoundError", because: "has no address" },
];
