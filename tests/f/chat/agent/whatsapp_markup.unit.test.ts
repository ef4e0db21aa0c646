import { expect, it } from "vitest";
import { toWhatsAppMarkup } from "../../../../f/chat/agent/whatsapp_markup.ts";

it.each([
  ["bold", "We open at **nine**.", "We open at *nine*."],
  ["italic", "That is *really* so.", "That is _really_ so."],
  ["strike", "~~10 €~~ 8 €", "~10 €~ 8 €"],
  ["bold and italic", "***now***", "_*now*_"],
  ["a heading", "## Opening **hours**\n\nNine to five.", "*Opening hours*\n\nNine to five."],
  ["a list", "* one\n* two", "- one\n- two"],
  ["a numbered list", "3. three\n4. four", "3. three\n4. four"],
  ["a nested list", "- a\n  - b\n- c", "- a\n  - b\n- c"],
  ["a list that counts from nought", "0. zero\n1. one", "0. zero\n1. one"],
  ["a list of tasks", "- [ ] ask\n- [x] pay **now**", "- ☐ ask\n- ☑ pay *now*"],
  ["bold over two lines", "**Nine\nto five**", "*Nine*\n*to five*"],
  ["bold with nothing in it", "a ** ** b", "a ** ** b"],
  ["a quote", "> said so", "> said so"],
  ["code", "Type `npm __init__`", "Type `npm __init__`"],
  ["a code block", "```js\nlet a = **b**;\n```", "```let a = **b**;```"],
  ["a link", "See [our page](https://x.example/a).", "See our page (https://x.example/a)."],
  ["a bare address", "See https://x.example/a_b_c now", "See https://x.example/a_b_c now"],
  ["an image", "![map](https://x.example/m.png)", "map (https://x.example/m.png)"],
  ["a table", "| Plan | Price |\n|---|---|\n| A | 1 € |", "*Plan – Price*\nA – 1 €"],
  ["a rule", "a\n\n---\n\nb", "a\n\nb"],
  ["html", "a<br>b <b>c</b>", "a\nb c"],
  ["lines", "one\ntwo", "one\ntwo"],
  ["snake_case words", "use my_var_name and __init__", "use my_var_name and *init*"],
  ["text that is no markup", "5 * 3 < 20 & 2 > 1", "5 * 3 < 20 & 2 > 1"],
  ["entities", "Tom &amp; Ann&nbsp;&lt;3 &#39;ok&#x27; &euro;", "Tom & Ann <3 'ok' &euro;"],
  ["an entity of an entity", "&amp;lt;", "&lt;"],
  [
    "entities in bold and in a table",
    "**A &amp; B**\n\n| A &amp; B |\n|---|\n| 1 |",
    "*A & B*\n\n*A & B*\n1",
  ],
  ["code, which is kept as it is", "`a &amp;&amp; b`", "`a &amp;&amp; b`"],
  ["a table with an empty cell", "| A | B |\n|---|---|\n| 1 |  |", "*A – B*\n1 –"],
  ["accents and emoji", "Olá 👋 **não**", "Olá 👋 *não*"],
])("turns %s into what WhatsApp shows", (_, markdown, shown) => {
  expect(toWhatsAppMarkup(markdown)).toBe(shown);
});
