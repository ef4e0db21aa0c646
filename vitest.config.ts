import { defineConfig } from "vitest/config";

const noDatabaseLeftOpen = "tests/helpers/no_database_left_open.ts";
const onServer = process.env.TEST_DATABASE_URL !== undefined;
const databases = {
  setupFiles: [noDatabaseLeftOpen],
  globalSetup: [
    "tests/helpers/kept_bundles.ts",
    ...(onServer ? [] : ["tests/helpers/embedded_hosts.ts"]),
  ],
};

/** Webhook bodies that others published, which are not part of the project: a folder of JSON files. */
const hasWebhookBodies = process.env.WHATSAPP_WEBHOOKS_DIR !== undefined;

/** For what hangs: no machine is so slow that a test which holds should meet one of these. */
const patience = {
  testTimeout: 180_000,
  hookTimeout: 180_000,
  expect: { poll: { timeout: 90_000 } },
};

/** A test's ending says what it needs: nothing, a database, or a database server. */
export default defineConfig({
  test: {
    projects: [
      {
        test: { name: "unit", include: ["tests/**/*.unit.test.ts"], ...patience },
      },
      {
        test: {
          name: "database",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/**/*.{unit,server,check,bodies}.test.ts"],
          ...databases,
          ...patience,
        },
      },
      {
        test: {
          name: "check",
          include: ["tests/repository/**/*.check.test.ts"],
          // They only read the tree: loading TypeScript's compiler once is enough for all.
          isolate: false,
          ...patience,
        },
      },
      ...(onServer
        ? [
            {
              test: {
                name: "server",
                include: ["tests/**/*.server.test.ts"],
                ...databases,
                ...patience,
              },
            },
          ]
        : []),
      ...(hasWebhookBodies
        ? [
            {
              test: {
                name: "bodies",
                include: ["tests/**/*.bodies.test.ts"],
                ...databases,
                ...patience,
                testTimeout: 300_000,
              },
            },
          ]
        : []),
    ],
    maxWorkers: 2,
  },
});
