import { describe, expect, it } from "vitest";
import {
  InterpolationFailed,
  interpolateArgs,
} from "../../../../local/windmill/jobs/interpolate.ts";
import type { Json } from "../../../../local/windmill/json.ts";

const variables: Record<string, string> = { "f/x/key": "s3cret", "f/x/json": '{"a":[1]}' };
const resources: Record<string, Json> = { "f/x/db": { host: "h", password: "p" } };

function read<T>(values: Record<string, T>, path: string): T {
  const value = values[path];
  if (value === undefined) throw new Error(`nothing at ${path}`);
  return value;
}

const reader = {
  variable: (path: string) => read(variables, path),
  resource: (path: string) => read(resources, path),
  reserved: (name: string) => (name === "WM_TOKEN" ? "the-token" : undefined),
};
const interpolated = (value: Json) => interpolateArgs({ value }, reader).value;

/** `value` inside so many objects. */
function nested(levels: number, value: Json): Json {
  return levels === 0 ? value : { inner: nested(levels - 1, value) };
}
const innermost = (value: Json | undefined): Json | undefined =>
  typeof value === "object" && value !== null && "inner" in value ? innermost(value.inner) : value;

describe("a job's arguments (windmill-worker common.rs, transform_json_value)", () => {
  it.each<[string, Json, Json]>([
    ["$var: becomes the variable", "$var:f/x/key", "s3cret"],
    ["$jsonvar: becomes the variable's JSON", "$jsonvar:f/x/json", { a: [1] }],
    ["$res: becomes the resource", "$res:f/x/db", { host: "h", password: "p" }],
    ["a token inside objects is replaced", { a: { b: "$var:f/x/key" } }, { a: { b: "s3cret" } }],
    ["a token inside an array is replaced", ["$var:f/x/key", 1], ["s3cret", 1]],
    [
      "$interpolate joins text and variables",
      { $interpolate: ["key=", { $var: "f/x/key" }] },
      "key=s3cret",
    ],
    ["a token in the middle of a string stays", "my $var:f/x/key", "my $var:f/x/key"],
    ["JSON text that holds a token stays", '{"a":"$var:f/x/key"}', '{"a":"$var:f/x/key"}'],
    ["a string without a token stays", "$5 please", "$5 please"],
    ["a reserved name alone stays", "$WM_TOKEN", "$WM_TOKEN"],
    [
      "a reserved name beside a token is replaced",
      { a: "$WM_TOKEN", b: "$OTHER", c: "$var:f/x/key" },
      { a: "the-token", b: "$OTHER", c: "s3cret" },
    ],
  ])("%s", (_title, value, expected) => {
    expect(interpolated(value)).toEqual(expected);
  });

  it("replaces at any depth of objects below 50, and fails beyond", () => {
    expect(innermost(interpolated(nested(49, "$var:f/x/key")))).toBe("s3cret");
    expect(() => interpolated(nested(50, "$var:f/x/key"))).toThrow(InterpolationFailed);
  });

  it("leaves arrays alone that are nested deeper than two, or longer than 1000", () => {
    const token = "$var:f/x/key";
    expect(interpolated([[[token]]])).toEqual([[["s3cret"]]]);
    expect(interpolated([[[[token]]]])).toEqual([[[[token]]]]);
    const full = Array.from({ length: 1000 }, () => token);
    expect(interpolated(full)).toEqual(full.map(() => "s3cret"));
    expect(interpolated([...full, token])).toEqual([...full, token]);
  });

  it.each<[string, Json, string]>([
    ["an unknown variable", "$var:f/x/no", "NotFound"],
    ["an unknown resource", { db: "$res:f/x/no" }, "NotFound"],
    ["a resource path without a folder", "$res:db", "InternalErr"],
    ["a $jsonvar: that is no JSON", "$jsonvar:f/x/key", "InternalErr"],
    ["$encrypted:, which is not supported", "$encrypted:abc", "NotSupported"],
  ])("%s fails the job", (_title, value, name) => {
    expect(() => interpolated(value)).toThrow(expect.objectContaining({ name }));
  });
});
