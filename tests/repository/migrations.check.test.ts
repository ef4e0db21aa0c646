import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const DIRECTORY = "db/migrations";
const files = readdirSync(DIRECTORY).sort();

describe("the migrations", () => {
  it("are numbered from 0001 on, without a gap and without two of one number", () => {
    const numbers = files.map((file) => /^(\d{4})_[a-z_]+\.sql$/.exec(file)?.[1] ?? file);
    expect(numbers).toEqual(files.map((_, at) => String(at + 1).padStart(4, "0")));
  });

  it.each(files)("%s says what it makes and how that is taken back", (file) => {
    const [before, up, down] = readFileSync(`${DIRECTORY}/${file}`, "utf8").split(
      /^-- (?:Up|Down) Migration$/m,
    );
    expect(before).toBe("");
    expect(up?.trim()).toBeTruthy();
    expect(down?.trim()).toBeTruthy();
  });
});
