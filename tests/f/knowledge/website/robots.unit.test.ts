import { describe, expect, it } from "vitest";
import { readRobots } from "../../../../f/knowledge/website/robots.ts";

const allowed = (robots: string, ...paths: string[]) => {
  const { isAllowed } = readRobots(robots);
  return paths.filter(isAllowed);
};

describe("robots.txt", () => {
  it("forbids what it names, and the longest rule decides", () => {
    const robots = "User-agent: *\nDisallow: /shop/ # not this\nAllow: /shop/help\n";
    expect(allowed(robots, "/", "/shop/cart", "/shop/help/1")).toEqual(["/", "/shop/help/1"]);
  });

  it("speaks to us by our name, and then only there", () => {
    const robots =
      "User-agent: other\nUser-agent: WhatsApp-Chatbot-Platform\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n";
    expect(allowed(robots, "/a", "/b")).toEqual(["/b"]);
  });

  it("forbids everything to others than us without forbidding us anything", () => {
    expect(allowed("User-agent: other\nDisallow: /", "/a")).toEqual(["/a"]);
    expect(allowed("User-agent: *\nDisallow: /", "/a")).toEqual([]); // control
    expect(allowed("User-agent: *\nDisallow:", "/a")).toEqual(["/a"]);
  });

  it.each([
    ["/*.pdf$", "/a/b.pdf", "/a/b.pdf?x=1"],
    ["/a*b*c", "/a1b2c3", "/a1c2b"],
    ["/a$", "/a", "/ab"],
    ["/a*$", "/abc", "/b"],
  ])("reads the pattern %s", (pattern, fits, doesNot) => {
    expect(allowed(`User-agent: *\nDisallow: ${pattern}`, fits, doesNot)).toEqual([doesNot]);
  });

  it("tells of sitemaps wherever they stand", () => {
    const robots = "Sitemap: https://a.example/1.xml\nUser-agent: *\nsitemap: /2.xml";
    expect(readRobots(robots).sitemaps).toEqual(["https://a.example/1.xml", "/2.xml"]);
  });

  it("cannot keep us busy with its stars", () => {
    const robots = `User-agent: *\nDisallow: /${"*a".repeat(10_000)}b`;
    expect(allowed(robots, `/${"a".repeat(20_000)}`)).toHaveLength(1);
  });
});
