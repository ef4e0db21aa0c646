import { expect, it } from "vitest";
import { citedSources } from "../../../../f/chat/agent/cited_sources.ts";

const found = [
  { name: "Handbook.pdf", page: 3 },
  { name: "Handbook.pdf", page: 30 },
  { name: "Returns", page: null },
  { name: "Handbook.pdf", page: 3 },
];

it.each([
  ["At nine (Handbook.pdf, page 3).", [{ name: "Handbook.pdf", page: 3 }]],
  ["At nine (handbook.PDF, p. 30).", [{ name: "Handbook.pdf", page: 30 }]],
  ["See Handbook.pdf.", [{ name: "Handbook.pdf", page: null }]],
  ["30 days (source: Returns).", [{ name: "Returns", page: null }]],
  ["I do not know.", []],
])("finds in %j what it cites", (reply, sources) => {
  expect(citedSources(reply, found)).toEqual(sources);
});
