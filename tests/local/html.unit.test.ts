import { describe, expect, it } from "vitest";
import { html } from "../../local/html.ts";

describe("html", () => {
  it("escapes values, in text and in attributes", () => {
    const name = `<b title="x">'&`;
    expect(html`<p title="${name}">${name}</p>`.markup).toBe(
      '<p title="&lt;b title=&quot;x&quot;&gt;&#39;&amp;">&lt;b title=&quot;x&quot;&gt;&#39;&amp;</p>',
    );
  });

  it("takes markup, lists of it, numbers and nothing as they are", () => {
    const items = ["a", "<"].map((text) => html`<li>${text}</li>`);
    expect(html`<ul>${items}</ul>${1}${undefined}`.markup).toBe(
      "<ul><li>a</li><li>&lt;</li></ul>1",
    );
  });
});
