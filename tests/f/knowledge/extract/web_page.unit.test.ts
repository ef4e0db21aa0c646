import iconv from "iconv-lite";
import { describe, expect, it } from "vitest";
import { extractWebPage } from "../../../../f/knowledge/extract/web_page.ts";

const filler = "We deliver bicycles assembled, and the driver takes the packaging back. ".repeat(6);
const extract = (html: string, charset?: string) =>
  extractWebPage({ bytes: Buffer.from(html), charset });
const page = (body: string, title = "Delivery") =>
  `<!doctype html><html><head><title>${title}</title></head><body>${body}</body></html>`;

describe("extractWebPage", () => {
  it("reads the article and leaves the navigation, scripts and footer", async () => {
    const { text } = await extract(
      page(`<nav><a href="/">Home</a></nav><script>var hidden = 1</script>
        <article><h2>Mainland</h2><p>${filler}</p></article><footer>Imprint</footer>`),
    );
    expect(text).toContain("We deliver bicycles assembled");
    expect(text).not.toMatch(/Home|hidden|Imprint/);
  });

  it("puts the title first and tells where each heading stands", async () => {
    const { text, headings } = await extract(
      page(`<article><h2>Mainland</h2><p>${filler}</p><h3>Fees</h3><p>${filler}</p></article>`),
    );
    expect(headings).toMatchObject([
      { title: "Delivery", offset: 0 },
      { title: "Mainland", level: 2 },
      { title: "Fees", level: 3 },
    ]);
    for (const { offset, title } of headings) expect(text.slice(offset)).toMatch(`${title}\n\n`);
  });

  it("reads a page that is no article, too", async () => {
    const { text } = await extract(page("<div><p>We open at nine.</p></div>"));
    expect(text).toContain("We open at nine.");
  });

  it("leaves out the way to the page, which stands in the article", async () => {
    const { text } = await extract(
      page(`<article><nav><a href="/">Home</a> <a href="/help">Help</a></nav>
        <h2>Mainland</h2><p>${filler}</p></article>`),
    );
    expect(text).toContain("We deliver bicycles assembled");
    expect(text).not.toMatch(/Home|Help/);
  });

  it("reads a page that stands in a navigation, because nobody closed it", async () => {
    const { text } = await extract(
      page(`<nav><a href="/">Home</a><article><h2>Mainland</h2><p>${filler}</p></article>`),
    );
    expect(text).toContain("We deliver bicycles assembled");
  });

  it("writes a list and a table line by line", async () => {
    const { text } = await extract(
      page(`<article><p>${filler}</p><ul><li>Pumps</li><li>Wheels</li></ul>
        <table><tr><th>Place</th><th>Price</th></tr><tr><td>Islands</td><td>14 euros</td></tr></table></article>`),
    );
    expect(text).toContain("- Pumps\n- Wheels");
    expect(text).toContain("Place: Islands | Price: 14 euros");
  });

  it("reads the character set that the page names", async () => {
    // a word of it, which nobody could tell by the letters
    const html = page("<p>Да</p>").replace("<head>", '<head><meta charset="windows-1251">');
    const bytes = iconv.encode(html, "windows-1251");
    expect((await extractWebPage({ bytes })).text).toContain("Да");
    // what the server says goes first
    expect((await extractWebPage({ bytes, charset: "koi8-r" })).text).toContain("дЮ");
  });

  it.each([
    ["nested deep", page("<div>".repeat(250)), /nested/],
    ["of many elements", page("<p>x</p>".repeat(60_000)), /elements/],
  ])("refuses a page %s before it is built", async (_what, html, message) => {
    await expect(extract(html)).rejects.toMatchObject({
      name: "DocumentTooComplexError",
      message: expect.stringMatching(message),
    });
  });

  it("takes thousands of paragraphs that nobody closed for what they are", async () => {
    const { text } = await extract(page("<p>One more paragraph.".repeat(3_000)));
    expect(text).toContain("One more paragraph.\n\nOne more paragraph.");
  });
});
