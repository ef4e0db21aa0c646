import { parseHTML } from "linkedom";
import { expect, it } from "vitest";
import { htmlToText } from "../../../../f/knowledge/extract/html_text.ts";

it("leaves out elements wherever they stand, in tables as well", () => {
  const { document } = parseHTML(`<!doctype html><html><body><p>Prices</p><p hidden>Close</p>
    <table><tr><th>Place</th><th>Price</th><th hidden>Id</th></tr>
    <tr><td>Islands</td><td>14 euros<b hidden>More</b></td></tr>
    <tr hidden><td>Template</td><td>0 euros</td></tr></table></body>`);
  const { text } = htmlToText(document.body, (element) => element.hasAttribute("hidden"));
  expect(text).toBe("Prices\n\nPlace: Islands | Price: 14 euros");
});
