import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isReadByOthers, openEnvFile, withVariable } from "../../deploy/env_file.ts";
import { NoEnvFileError, readEnvironment } from "../../deploy/environment.ts";

const folder = mkdtempSync(join(tmpdir(), "env-file-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a variable of an env file", () => {
  it.each([
    ["is added at the end", "A=1\n", "A=1\nTOKEN=new\n"],
    ["is added where the last line is open", "A=1", "A=1\nTOKEN=new\n"],
    ["is the first of an empty file", "", "TOKEN=new\n"],
    ["is filled in where it stands", "# why\nTOKEN=\nB=2", "# why\nTOKEN=new\nB=2"],
    ["is replaced where it counts, the last time", "TOKEN=a\nTOKEN=b\n", "TOKEN=a\nTOKEN=new\n"],
    ["leaves Windows' line ends", "TOKEN=a\r\nB=2\r\n", "TOKEN=new\r\nB=2\r\n"],
    [
      "is not another that ends like it",
      "MY_TOKEN=a\n#TOKEN=\n",
      "MY_TOKEN=a\n#TOKEN=\nTOKEN=new\n",
    ],
  ])("%s", (_, before, after) => {
    expect(withVariable(before, "TOKEN", "new")).toBe(after);
  });

  it("is kept as it is, whatever it is", () => {
    const value = "$&$1$`\\n";
    expect(withVariable("TOKEN=a\n", "TOKEN", value)).toBe(`TOKEN=${value}\n`);
  });

  it("is read again, and what the process was started with wins unless it is empty", () => {
    const file = join(folder, "read");
    openEnvFile(file).keep("TOKEN", "kept");
    expect(readEnvironment(file, {}).TOKEN).toBe("kept");
    expect(readEnvironment(file, { TOKEN: "" }).TOKEN).toBe("kept");
    expect(readEnvironment(file, { TOKEN: "given" }).TOKEN).toBe("given");
  });

  it("is missing with its file, unless the database is named elsewhere", () => {
    const file = join(folder, "nosuch.env");
    expect(() => readEnvironment(file, { DATABASE_URL: "" })).toThrow(NoEnvFileError);
    expect(() => readEnvironment(file, {})).toThrow(`${file} does not exist`);
    expect(readEnvironment(file, { DATABASE_URL: "given" })).toEqual({ DATABASE_URL: "given" });
  });

  it("is written where a link leads", () => {
    const [file, link] = [join(folder, "real.env"), join(folder, "link.env")];
    writeFileSync(file, "A=1\n");
    symlinkSync(file, link);
    openEnvFile(link).keep("TOKEN", "a");
    expect(readFileSync(file, "utf8")).toBe("A=1\nTOKEN=a\n");
  });

  it("stays with its owner, in a new file and in one that is there", () => {
    const file = join(folder, "deep", "new");
    openEnvFile(file).keep("TOKEN", "a");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(isReadByOthers(file)).toBe(false);
    chmodSync(file, 0o640);
    expect(isReadByOthers(file)).toBe(true);
    openEnvFile(file).keep("TOKEN", "b");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writeFileSync(file, "A=1");
    openEnvFile(file).keep("TOKEN", "c");
    expect(readFileSync(file, "utf8")).toBe("A=1\nTOKEN=c\n");
  });
});
