import { describe, expect, it } from "vitest";
import { renderWhatsAppText } from "../../../local/phone/whatsapp_markup.ts";

describe("renderWhatsAppText", () => {
  it.each([
    ["*bold* _italic_ ~gone~", "<strong>bold</strong> <em>italic</em> <s>gone</s>"],
    ["*both _of_ them*", "<strong>both <em>of</em> them</strong>"],
    ["2*3*4 snake_case_name", "2*3*4 snake_case_name"],
    ["* not bold *", "* not bold *"],
    ["`*code*` and ```\na < b\n```", "<code>*code*</code> and <code>\na &lt; b\n</code>"],
    ["*<script>*", "<strong>&lt;script&gt;</strong>"],
    ["open *star\nnext* line", "open *star\nnext* line"],
  ])("shows %s as a phone does", (text, markup) => {
    expect(renderWhatsAppText(text).markup).toBe(markup);
  });
});
