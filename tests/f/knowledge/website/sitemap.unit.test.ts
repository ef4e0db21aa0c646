import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readSitemap } from "../../../../f/knowledge/website/sitemap.ts";

const urlset = (...locations: string[]) =>
  `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${locations
    .map((location) => `<url><loc> ${location} </loc><lastmod>2026-01-01</lastmod></url>`)
    .join("")}</urlset>`;
const read = (text: string) => readSitemap(Buffer.from(text));

describe("a sitemap", () => {
  it("lists pages, with the entities of XML", () => {
    expect(read(urlset("https://a.example/?a=1&amp;b=2", "https://a.example/b"))).toEqual({
      kind: "pages",
      locations: ["https://a.example/?a=1&b=2", "https://a.example/b"],
    });
  });

  it("may be gzipped, an index, or plain text", () => {
    expect(readSitemap(gzipSync(urlset("https://a.example/"))).locations).toHaveLength(1);
    expect(
      read("<sitemapindex><sitemap><loc>https://a.example/1.xml</loc></sitemap></sitemapindex>"),
    ).toEqual({ kind: "index", locations: ["https://a.example/1.xml"] });
    expect(read("https://a.example/1\r\nhttps://a.example/2\n")).toEqual({
      kind: "pages",
      locations: ["https://a.example/1", "https://a.example/2"],
    });
  });

  it("does not take the address of a picture for a page", () => {
    const image = "<image:image><image:loc>https://a.example/a.jpg</image:loc></image:image>";
    expect(
      read(`<urlset><url><loc>https://a.example/</loc>${image}</url></urlset>`).locations,
    ).toEqual(["https://a.example/"]);
  });
});

describe("a hostile sitemap", () => {
  it("resolves no entity of its own", () => {
    const doctype = `<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>`;
    const { locations } = read(`${doctype}<urlset><url><loc>&x;</loc></url></urlset>`);
    expect(locations).toEqual(["&x;"]);
  });

  it("is read no further than 50,000 addresses", () => {
    const many = Array.from({ length: 60_000 }, (_, n) => `https://a.example/${n}`);
    expect(read(urlset(...many)).locations).toHaveLength(50_000);
  });

  it("is none when it decompresses to more than 10 MB", () => {
    const bomb = gzipSync(Buffer.alloc(40 * 1024 * 1024, " "));
    expect(bomb.length).toBeLessThan(60_000);
    expect(readSitemap(bomb)).toEqual({ kind: "none", locations: [] });
  });

  it("is none when it is cut off, a page, or nothing", () => {
    expect(readSitemap(gzipSync(urlset("https://a.example/")).subarray(0, 30)).kind).toBe("none");
    expect(read("<html><body><p><loc>https://a.example/</loc></p></body></html>").kind).toBe(
      "none",
    );
    expect(read("").kind).toBe("none");
  });

  it("ends where its elements are nested too deep", () => {
    const deep = `<urlset>${"<url>".repeat(1_000_000)}`;
    expect(read(deep).locations).toEqual([]);
  });
});
