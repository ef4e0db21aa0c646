import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { uploadWebsite, type WebsiteRequest } from "../../../f/knowledge/upload_website.ts";
import { type SiteLimits, siteReader } from "../../../f/knowledge/website/site_reader.ts";
import { insertChatbot, insertOrganization, insertUser } from "../../helpers/records.ts";
import type { ChatbotRow, KnowledgeSourceRow } from "../../helpers/rows.ts";
import { OPERATOR } from "../operations/operators.ts";
import { type KnowledgeWorld, startKnowledgeWorld } from "./knowledge_world.ts";
import { html, startTestSite, type TestSite } from "./test_site.ts";

let world: KnowledgeWorld;
let site: TestSite;
let chatbot: ChatbotRow;
beforeAll(async () => {
  world = await startKnowledgeWorld();
  site = await startTestSite();
  world.allowedPrivateOrigins.push(site.host);
});
afterAll(async () => {
  site.close();
  await world.close();
});
beforeEach(async () => {
  site.pages.clear();
  site.requests.length = 0;
  chatbot = await insertChatbot(world.db);
});

const LIMITS: SiteLimits = { totalBytes: 30 * 1024 * 1024, totalMs: 90_000, requestMs: 60_000 };
const policy = () => ({ allowedPrivateOrigins: world.allowedPrivateOrigins, ownNetworks: [] });

function upload(
  request: Partial<WebsiteRequest> = {},
  { operator = OPERATOR, limits = LIMITS, percents = [] as number[] } = {},
) {
  const whole: WebsiteRequest = {
    chatbot_id: chatbot.id,
    url: `${site.origin}/`,
    pages_from: "sitemap_or_links",
    max_pages: 50,
    ...request,
  };
  return world.as((database) =>
    uploadWebsite(whole, operator, {
      database,
      reader: siteReader(policy(), limits),
      uploadPage: (page) => world.upload(page),
      showProgress: async (percent) => void percents.push(percent),
    }),
  );
}

const paths = (pages: readonly { url: string }[]) =>
  pages.map(({ url }) => url.replace(site.origin, ""));
const xml = (root: "urlset" | "sitemapindex", ...locations: string[]) => ({
  type: "application/xml",
  body: `<${root}>${locations
    .map((path) => `<url><loc>${path.startsWith("/") ? site.origin + path : path}</loc></url>`)
    .join("")}</${root}>`,
});

describe("a site with a sitemap", () => {
  it("gives each of its pages as a source of its own", async () => {
    site.pages.set("/sitemap.xml", xml("urlset", "/hours", "/returns?b=2&amp;a=1", "/hours#top"));
    const percents: number[] = [];
    const result = await upload({}, { percents });
    expect(paths(result.taken)).toEqual(["/hours", "/returns?a=1&b=2"]);
    expect(result).toMatchObject({ refused: [], refused_count: 0, left_over_count: 0 });
    const sources = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where chatbot_id = $1 order by url",
      [chatbot.id],
    );
    expect(sources).toMatchObject([
      { source_type: "url", name: `${site.host}/hours`, status: "pending" },
      { source_type: "url", url: `${site.origin}/returns?a=1&b=2` },
    ]);
    expect(percents).toEqual([2, 75, 100, 100]);
    // a second time nothing is new
    expect((await upload()).taken.map(({ is_new }) => is_new)).toEqual([false, false]);
  });

  it("is found by robots.txt, also as an index and gzipped", async () => {
    site.pages.set("/robots.txt", { type: "text/plain", body: `Sitemap: ${site.origin}/i.xml` });
    site.pages.set("/i.xml", xml("sitemapindex", "/1.xml.gz"));
    const { body } = xml("urlset", "/a");
    site.pages.set("/1.xml.gz", { type: "application/gzip", body: gzipSync(body) });
    expect(paths((await upload()).taken)).toEqual(["/a"]);
  });

  it("is refused what is elsewhere, forbidden, or nothing to read, each with a sentence", async () => {
    site.pages.set("/robots.txt", { body: "User-agent: *\nDisallow: /private" });
    site.pages.set(
      "/sitemap.xml",
      xml(
        "urlset",
        "/a",
        "/private/b",
        "/c.jpg",
        "https://other.example/",
        `http://user:secret@${site.host}/`,
        "file:///etc/passwd",
      ),
    );
    const { taken, refused } = await upload();
    expect(paths(taken)).toEqual(["/a"]);
    expect(refused.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("robots.txt"),
      expect.stringContaining("no web page"),
      expect.stringContaining("another web site"),
      expect.stringContaining("a password"),
    ]);
    expect(site.requests.map(({ path }) => path)).toEqual(["/robots.txt", "/sitemap.xml"]);
  });
});

describe("a site without a sitemap", () => {
  it("is followed by its links, nearest first, on this host only", async () => {
    site.pages.set("/", html("Home", "Welcome", ["/a", "/b", "http://other.example/", "/"]));
    site.pages.set("/a", html("About us", "Since 1970", ["/a/deep", "/b?utm_source=x"]));
    site.pages.set("/b", html("Bikes", "We have bikes"));
    site.pages.set("/a/deep", html("Deep", "Below"));
    const { taken, refused } = await upload();
    expect(taken.map(({ name }) => name)).toEqual(["Home", "About us", "Bikes", "Deep"]);
    expect(refused).toEqual([
      { url: "http://other.example/", reason: expect.stringContaining("another web site") },
    ]);
  });

  it("is taken once for each canonical address, and only pages, PDFs and texts", async () => {
    site.pages.set("/", html("Home", "Welcome", ["/1", "/2", "/file", "/gone", "/note.txt"]));
    const same = `<link rel="canonical" href="/same"><title>"Same"</title><p>Text</p>`;
    site.pages.set("/1", { body: same });
    site.pages.set("/2", { body: same });
    site.pages.set("/file", { type: "application/zip", body: "PK" });
    site.pages.set("/note.txt", { type: "text/plain", body: "Note" });
    const { taken, refused } = await upload();
    expect(paths(taken)).toEqual(["/", "/same", "/note.txt"]);
    expect(taken[1]?.name).toBe('"Same"');
    expect(paths(refused)).toEqual(["/file", "/gone"]);
  });

  it("is not left by a redirect or a canonical address, nor is robots.txt got round by them", async () => {
    const other = await startTestSite();
    world.allowedPrivateOrigins.push(other.host);
    other.pages.set("/there", html("There", "Another site"));
    site.pages.set("/robots.txt", {
      type: "text/plain",
      body: "User-agent: *\nDisallow: /private",
    });
    const moved = (location: string) => ({ status: 302, headers: { location } });
    const known = (as: string) => ({ body: `<link rel="canonical" href="${as}"><p>Text</p>` });
    site.pages.set("/", html("Home", "Welcome", ["/1", "/2", "/3", "/4"]));
    site.pages.set("/1", moved(`${other.origin}/there`));
    site.pages.set("/2", known(`${other.origin}/there`));
    site.pages.set("/3", moved("/private/a"));
    site.pages.set("/4", known("/private/b"));
    site.pages.set("/private/a", html("Private", "Not for programs"));
    const { taken, refused } = await upload();
    other.close();
    world.allowedPrivateOrigins.pop();
    expect(paths(taken)).toEqual(["/", "/2", "/4"]);
    expect(refused).toEqual([
      { url: `${site.origin}/1`, reason: "It leads to another web site." },
      { url: `${site.origin}/3`, reason: expect.stringContaining("robots.txt") },
    ]);
  });

  it("has each page under a name that is no longer than a name may be", async () => {
    site.pages.set("/", html("Home ".repeat(100), "Welcome"));
    const { taken } = await upload();
    expect(taken.map(({ name }) => name.length)).toEqual([200]);
  });

  it("ends at the wanted number of pages, and tells how many more there are", async () => {
    site.pages.set("/", html("Home", "Welcome", ["/1", "/2", "/3"]));
    for (const n of [1, 2, 3]) site.pages.set(`/${n}`, html(`${n}`, "Text"));
    const { taken, left_over_count } = await upload({ max_pages: 2 });
    expect(paths(taken)).toEqual(["/", "/1"]);
    expect(left_over_count).toBe(2);
  });
});

describe("an upload of a site", () => {
  it.each([0, 501, 2.5])("is not of %s pages", async (max_pages) => {
    await expect(upload({ max_pages })).rejects.toMatchObject({
      name: "UploadInvalidError",
      message: expect.stringContaining("1 to 500"),
    });
    expect(site.requests).toEqual([]);
  });

  it("takes a robots.txt that the site cannot show for a refusal", async () => {
    site.pages.set("/sitemap.xml", xml("urlset", "/a"));
    site.pages.set("/robots.txt", { status: 503 });
    await expect(upload()).rejects.toMatchObject({ name: "HttpStatusError" });
    expect(site.requests.map(({ path }) => path)).toEqual(["/robots.txt"]);
    site.pages.delete("/robots.txt");
    expect((await upload()).taken).toHaveLength(1); // control
  });

  it("stops at the organization's limit, and refuses the others with its sentence", async () => {
    const organization = await insertOrganization(world.db, { source_limit: 1 });
    chatbot = await insertChatbot(world.db, { organization_id: organization.id });
    site.pages.set("/sitemap.xml", xml("urlset", "/a", "/b", "/c"));
    const { taken, refused } = await upload();
    expect(taken).toHaveLength(1);
    expect(refused).toHaveLength(2);
    expect(refused[1]?.reason).toContain("may have 1 documents");
    const [usage] = await world.db.query(
      "select source_count from knowledge_usage where organization_id = $1",
      [organization.id],
    );
    expect(usage).toEqual({ source_count: 1 });
  });

  it("is an owner's or an admin's to make, and stands in the audit log", async () => {
    site.pages.set("/sitemap.xml", xml("urlset", "/a"));
    const { organization_id } = chatbot;
    const member = await insertUser(world.db, { organization_id, role: "member" });
    const admin = await insertUser(world.db, { organization_id, role: "admin" });
    await expect(
      upload({}, { operator: { ...OPERATOR, userId: member.id } }),
    ).rejects.toMatchObject({ name: "NotPermittedError" });
    expect(site.requests).toEqual([]);
    await upload({}, { operator: { ...OPERATOR, userId: admin.id } });
    const log = await world.db.query(
      "select action, user_id, subject_id from audit_log where organization_id = $1",
      [organization_id],
    );
    expect(log).toEqual([{ action: "upload_document", user_id: admin.id, subject_id: chatbot.id }]);
  });

  it("does not look at addresses inside", async () => {
    world.allowedPrivateOrigins.length = 0;
    await expect(upload()).rejects.toMatchObject({ name: "UrlNotAllowedError" });
    expect(site.requests).toEqual([]);
    world.allowedPrivateOrigins.push(site.host);
  });
});

describe("a hostile site", () => {
  it("with indexes that lead to each other for ever is read 20 times", async () => {
    for (let n = 0; n < 60; n++) {
      const next = [`/${n + 1}.xml`, `/${n + 2}.xml`, `/${n}.xml`];
      site.pages.set(n === 0 ? "/sitemap.xml" : `/${n}.xml`, xml("sitemapindex", ...next));
    }
    expect((await upload({ pages_from: "sitemap" })).taken).toEqual([]);
    expect(site.requests).toHaveLength(21); // and robots.txt
  });

  it("with 60,000 addresses gives those that were wanted", async () => {
    const many = Array.from({ length: 60_000 }, (_, n) => `/${n}`);
    site.pages.set("/sitemap.xml", xml("urlset", ...many));
    const { taken, left_over_count } = await upload({ max_pages: 3 });
    expect(paths(taken)).toEqual(["/0", "/1", "/2"]);
    expect(left_over_count).toBe(49_997);
  });

  it("is told from a sitemap that is too large, also when it is compressed", async () => {
    const large = gzipSync(Buffer.alloc(11 * 1024 * 1024, " "));
    const url = `${site.origin}/sitemap.xml`;
    site.pages.set("/sitemap.xml", { body: large, headers: { "content-encoding": "gzip" } });
    const { refused } = await upload({ url, pages_from: "sitemap" });
    expect(refused).toEqual([{ url, reason: "The page is larger than 10 MB." }]);
    site.pages.set("/sitemap.xml", { body: large });
    expect((await upload({ url, pages_from: "sitemap" })).refused).toEqual([
      { url, reason: "It is no sitemap." },
    ]);
  });

  it("whose links lead to nothing is asked three times for each page that is wanted", async () => {
    const links = Array.from({ length: 50 }, (_, n) => `/gone/${n}`);
    site.pages.set("/", html("Home", "Welcome", links));
    const { taken } = await upload({ max_pages: 4, pages_from: "links" });
    expect(paths(taken)).toEqual(["/"]);
    expect(site.requests).toHaveLength(13); // and robots.txt
  });

  it("whose pages never end is left when its bytes are used up", async () => {
    const padding = "x".repeat(100_000);
    for (let n = 0; n < 30; n++) {
      site.pages.set(n === 0 ? "/" : `/${n}`, html(`${n}`, padding, [`/${n + 1}`]));
    }
    const { taken } = await upload({}, { limits: { ...LIMITS, totalBytes: 550_000 } });
    expect(taken).toHaveLength(5);
  });
});
