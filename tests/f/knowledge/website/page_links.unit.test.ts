import { describe, expect, it } from "vitest";
import { readLinks } from "../../../../f/knowledge/website/page_links.ts";

const PAGE = "https://a.example/help/index.html";

describe("the links of a page", () => {
  it("are absolute, each once, with the page's title and canonical address", () => {
    const html = `<title> Help \n centre </title><link rel="canonical" href="/help">
      <a href="returns">1</a><a href="returns#top">2</a><a href="returns">3</a>
      <a href="https://b.example/">4</a><a rel="nofollow" href="/login">5</a><a name="x">6</a>
      <a href="mailto:a@b.example">7</a><svg><title>Icon</title></svg>`;
    expect(readLinks(html, PAGE)).toEqual({
      title: "Help centre",
      canonical: "https://a.example/help",
      links: [
        "https://a.example/help/returns",
        "https://a.example/help/returns#top",
        "https://b.example/",
        "mailto:a@b.example",
      ],
    });
  });

  it("begin where the page says that they do", () => {
    const html = `<base href="/other/"><a href="x">1</a>`;
    expect(readLinks(html, PAGE).links).toEqual(["https://a.example/other/x"]);
  });

  it("end at 2,000, and where the page is nested to do harm", () => {
    const many = Array.from({ length: 5_000 }, (_, n) => `<a href="/${n}">x</a>`).join("");
    expect(readLinks(many, PAGE).links).toHaveLength(2_000);
    const deep = `<a href="/first">x</a>${"<div>".repeat(1_000_000)}<a href="/last">x</a>`;
    expect(readLinks(deep, PAGE).links).toEqual(["https://a.example/first"]);
  });
});
