/** Parameters by which advertisers follow people: the page is the same without them. */
const TRACKING = /^(utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|igshid)$/i;

/** What a web address with one of these endings leads to is nothing to read. */
const NO_PAGES =
  /\.(jpe?g|png|gif|webp|svg|ico|avif|bmp|tiff?|css|m?js|json|xml|rss|atom|zip|gz|rar|7z|tar|exe|dmg|apk|iso|mp[34]|m4[av]|mov|avi|webm|wav|ogg|woff2?|ttf|eot|xlsx?|pptx?|docx?)$/i;

/** The one address of a page: without fragment, session of an advertiser, and with its parameters in order. */
export function pageAddress(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  url.hash = "";
  for (const name of [...url.searchParams.keys()]) {
    if (TRACKING.test(name)) url.searchParams.delete(name);
  }
  url.searchParams.sort();
  return url.href;
}

/** Why a page is not taken, as a sentence; undefined when there is no reason. */
export function refusalOf(address: string, site: string, isAllowed: (path: string) => boolean) {
  const url = new URL(address);
  if (url.host !== new URL(site).host) return "It is on another web site.";
  if (url.username !== "" || url.password !== "") return "It contains a user name or a password.";
  if (address.length > 2_000) return "Its address is longer than 2,000 characters.";
  if (NO_PAGES.test(url.pathname)) return "It is no web page, PDF or text.";
  if (!isAllowed(url.pathname + url.search)) {
    return "The web site's robots.txt asks programs not to read it.";
  }
  return undefined;
}

/** A name for a page of which only the address is known: "example.com/help/returns". */
export function nameOf(address: string): string {
  const { host, pathname, search } = new URL(address);
  return decoded(`${host}${pathname.replace(/\/$/, "")}${search}`).slice(0, 200);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // "%" need not begin an escape
    if (error instanceof URIError) return text;
    throw error;
  }
}
