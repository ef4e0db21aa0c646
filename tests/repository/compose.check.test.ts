import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const root = new URL("../../", import.meta.url);
const textOf = (path: string) => readFileSync(fileURLToPath(new URL(path, root)), "utf8");

const namesOrConditions = z.union([
  z.array(z.string()),
  z.record(z.string(), z.strictObject({ condition: z.string() })),
]);
const healthcheck = z.strictObject({
  test: z.tuple([z.literal("CMD")], z.string()),
  interval: z.string(),
  timeout: z.string(),
  retries: z.number(),
  start_period: z.string().optional(),
});

/** The part of the Compose specification that these files use: a misspelt key fails. */
const service = z.strictObject({
  image: z.string(),
  build: z.strictObject({ context: z.string(), dockerfile: z.string() }).optional(),
  user: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  networks: z.array(z.string()).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  tmpfs: z.array(z.string()).optional(),
  shm_size: z.string().optional(),
  depends_on: namesOrConditions.optional(),
  healthcheck,
  restart: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  stop_grace_period: z.string().optional(),
  logging: z
    .strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) })
    .optional(),
  deploy: z.strictObject({
    replicas: z.string().optional(),
    resources: z.strictObject({
      limits: z.strictObject({ memory: z.string(), cpus: z.string().optional() }),
    }),
  }),
});
const network = z.strictObject({ internal: z.boolean().optional() });
const composeFile = z
  .object({
    name: z.string().optional(),
    services: z.record(z.string(), service),
    networks: z.record(z.string(), network).default({}),
    volumes: z.record(z.string(), z.strictObject({})).default({}),
  })
  .catchall(z.unknown())
  .refine((file) => Object.keys(file).every((key) => KNOWN.has(key) || key.startsWith("x-")));
const KNOWN = new Set(["name", "services", "networks", "volumes"]);

const composeOf = (path: string) => composeFile.parse(parse(textOf(path), { merge: true }));
const servicesOf = (path: string) => Object.entries(composeOf(path).services);

const FILES = ["docker-compose.yml", "docker-compose.test.yml"];
const SERVICES = FILES.flatMap((file) =>
  servicesOf(file).map(([name, definition]) => ({ file, name, definition })),
);

describe.each(FILES)("%s", (file) => {
  it("refers only to networks, volumes and services that it declares", () => {
    const compose = composeOf(file);
    for (const definition of Object.values(compose.services)) {
      for (const name of definition.networks ?? []) expect(compose.networks).toHaveProperty(name);
      for (const name of Object.keys(definition.depends_on ?? {})) {
        expect(compose.services).toHaveProperty(name);
      }
      const named = (definition.volumes ?? []).filter((volume) => !volume.startsWith("."));
      for (const volume of named) {
        expect(compose.volumes).toHaveProperty(volume.split(":")[0] ?? "");
      }
    }
  });
});

describe.each(SERVICES)("$file $name", ({ name, definition }) => {
  it("pins its image to a version", () => {
    expect(definition.image).toMatch(/:v?\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/);
  });

  it("is published on 127.0.0.1 only", () => {
    for (const port of definition.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it("takes every secret from the environment, without a default", () => {
    for (const [variable, value] of Object.entries(definition.environment ?? {})) {
      if (!/PASSWORD|SECRET|TOKEN|KEY|DATABASE_URL/.test(variable)) continue;
      const mayBeEmpty = ["META_APP_SECRET_PREVIOUS", "INGRESS_WINDMILL_TOKEN"].includes(variable);
      expect(value).toMatch(mayBeEmpty ? /^\$\{\w+:-\}$/ : /\$\{\w+:\?[^}]+\}/);
      expect(value.replaceAll(/\$\{[^}]+\}/g, "")).not.toMatch(/:\/\/\w+:[^@]/);
    }
  });

  it("has no way out of its container", () => {
    expect(definition.volumes?.join() ?? "").not.toContain("docker.sock");
    if (name === "webhook-server") {
      expect(definition).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
    }
  });
});

describe("the versions", () => {
  it("are those of the packages that talk to them", () => {
    const manifest = z
      .object({ devDependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(textOf("package.json")));
    const { services } = composeOf("docker-compose.yml");
    const cli = manifest.devDependencies["windmill-cli"];
    for (const name of ["windmill-server", "windmill-worker", "windmill-worker-documents"]) {
      expect(services[name]?.image).toBe(`ghcr.io/windmill-labs/windmill:${cli}`);
    }
    const bun = manifest.devDependencies.bun;
    expect(textOf("webhook-server/Dockerfile")).toContain(`FROM oven/bun:${bun}-slim AS bun`);
  });

  it("of PostgreSQL are one: what the tests run on is what production has", () => {
    const images = SERVICES.filter(({ name }) => name.includes("postgres")).map(
      ({ definition }) => definition.image,
    );
    expect(images).toHaveLength(3);
    expect(new Set(images).size).toBe(1);
  });
});

describe(".env.example", () => {
  const lines = textOf(".env.example").split("\n");
  const documented = lines.flatMap((line) => line.match(/^(\w+)=/)?.[1] ?? []);

  it("has every variable that the compose files read", () => {
    const read = FILES.flatMap((file) => [...textOf(file).matchAll(/\$\{(\w+)/g)]).map(
      ([, variable]) => variable,
    );
    expect(read.length).toBeGreaterThan(15);
    expect(documented).toEqual(expect.arrayContaining(read));
  });

  it.each(["webhook-server/config.ts", "deploy/settings.ts"])(
    "has every variable of %s",
    (file) => {
      const read = [...textOf(file).matchAll(/^ {2}([A-Z][A-Z0-9_]+):/gm)];
      expect(read.length).toBeGreaterThan(10);
      expect(documented).toEqual(expect.arrayContaining(read.map(([, variable]) => variable)));
    },
  );

  it("has a sentence before each variable, and no secret", () => {
    lines.forEach((line, index) => {
      const [, variable, value] = line.match(/^(\w+)=(.*)$/) ?? [];
      if (variable === undefined) return;
      expect(lines[index - 1], `the line before ${variable}`).toMatch(/^# .*[.:]$/);
      if (/PASSWORD|SECRET|TOKEN|KEY/.test(variable)) expect(value, variable).toBe("");
    });
  });
});

describe("the images that we build", () => {
  const dockerfile = textOf("webhook-server/Dockerfile");

  it("start from pinned images, and run as somebody who is not root", () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, base]) => base);
    for (const base of bases) expect(base).toMatch(/:\d+\.\d+\.\d+[\w.-]*(@sha256:[0-9a-f]{64})?$/);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
  });

  it("can only be given what .dockerignore lets through", () => {
    expect(textOf(".dockerignore").split("\n")[0]).toBe("*");
  });
});
