import { defineConfig } from "vitest/config";

const noDatabaseLeftOpen = "tests/helpers/no_database_left_open.ts";
const onServer = process.env.TEST_DATABASE_URL !== undefined;

/** Webhook bodies that others published, which are not part of the project: a folder of JSON files. */
const hasWebhookBodies = process.env.WHATSAPP_WEBHOOKS_DIR !== undefined;

/** A test's ending says what it needs: nothing, a database, or a database server. */
export default defineConfig({
  test: {
    projects: [
      {
        test: { name: "unit", include: ["tests/**/*.unit.test.ts"] },
      },
      {
        test: {
          name: "database",
          include: ["tests/**/*.test.ts"],
          exclude: ["tests/**/*.{unit,server,check,bodies}.test.ts"],
          setupFiles: [noDatabaseLeftOpen],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "check",
          include: ["tests/repository/**/*.check.test.ts"],
          // They only read the tree: loading TypeScript's compiler once is enough for all.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      ...(onServer
        ? [
            {
              test: {
                name: "server",
                include: ["tests/**/*.server.test.ts"],
                setupFiles: [noDatabaseLeftOpen],
                testTimeout: 60_000,
                hookTimeout: 60_000,
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
                setupFiles: [noDatabaseLeftOpen],
                testTimeout: 300_000,
                hookTimeout: 120_000,
              },
            },
          ]
        : []),
    ],
    maxWorkers: 2,
  },
});
