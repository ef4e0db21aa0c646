import { describe, expect, it } from "vitest";
import { filesOfTheTree, readText } from "../../local/metadata/tree.ts";
import { clientsBehind, importProblems } from "./import_rules.ts";

const sources = new Map(
  filesOfTheTree()
    .filter((path) => path.endsWith(".ts"))
    .map((path) => [path, readText(path)]),
);

describe("imports run one way", () => {
  it.each([
    ["f/knowledge/a.ts", 'import { b } from "../chat/b.ts"'],
    ["f/knowledge/a.ts", 'import type { B } from "../operations/b.ts"'],
    ["f/operations/a.ts", 'export * from "../chat/b.ts"'],
    ["f/platform/a.ts", 'import "../knowledge/b.ts"'],
    ["f/platform/a.ts", 'const b = await import("/f/knowledge/b.ts")'],
    ["f/chat/a.ts", 'import { b } from "../operations/b.ts"'],
    ["f/chat/a.ts", 'import { b } from "../../local/b.ts"'],
    ["f/chat/a.ts", 'import { b } from "../../tests/b.ts"'],
    ["f/chat/a.ts", 'import { b } from "../../webhook-server/b.ts"'],
    ["f/chat/a.ts", 'let b: import("../../local/b.ts").B'],
    ["f/chat/a.ts", 'import { b } from "./b"'],
    ["f/chat/a.ts", 'import prompt from "./prompt.json"'],
    ["webhook-server/a.ts", 'import { b } from "../f/platform/b.ts"'],
    ["webhook-server/a.ts", 'import { b } from "../local/b.ts"'],
    ["local/a.ts", 'import { b } from "../tests/b.ts"'],
    ["deploy/a.ts", 'import { b } from "../local/b.ts"'],
    ["f/chat/agent/a.ts", 'import OpenAI from "openai"'],
    ["f/chat/agent/a.ts", 'import { Client } from "@modelcontextprotocol/sdk/client"'],
    ["f/chat/agent/a.ts", 'import * as wmill from "windmill-client"'],
  ])("refuses in %s: %s", (path, source) => {
    expect(importProblems(path, source)).toHaveLength(1);
  });

  it.each([
    ["f/chat/a.ts", 'import { b } from "../knowledge/b.ts"; import { c } from "../platform/c.ts"'],
    ["f/operations/a.ts", 'import { b } from "../knowledge/b.ts"'],
    ["f/platform/a.ts", 'import { b } from "./b.ts"; import pg from "pg"; import "node:net"'],
    ["webhook-server/a.ts", 'import { b } from "./b.ts"'],
    ["local/a.ts", 'import { b } from "../webhook-server/b.ts"'],
    ["f/chat/agent/a.ts", 'import { z } from "zod"; import type OpenAI from "openai"'],
    ["f/chat/a.ts", '// import { b } from "../../local/b.ts"'],
  ])("passes in %s: %s", (path, source) => {
    expect(importProblems(path, source)).toEqual([]);
  });

  it("holds in this repository", () => {
    expect([...sources].flatMap(([path, source]) => importProblems(path, source))).toEqual([]);
  });
});

describe("the agent's loop", () => {
  it("finds a client behind another file", () => {
    const tree = new Map([
      ["f/chat/agent/loop.ts", 'import { a } from "../../platform/a.ts"'],
      ["f/platform/a.ts", 'import "./b.ts"; import type OpenAI from "openai"'],
      ["f/platform/b.ts", 'import pg from "pg"'],
    ]);
    expect(clientsBehind("f/chat/agent/loop.ts", tree)).toEqual([
      "f/chat/agent/loop.ts → f/platform/a.ts → f/platform/b.ts → pg",
    ]);
  });

  it("loads no client in this repository", () => {
    const loop = [...sources.keys()].filter((path) => path.startsWith("f/chat/agent/"));
    expect(loop.flatMap((path) => clientsBehind(path, sources))).toEqual([]);
  });
});
