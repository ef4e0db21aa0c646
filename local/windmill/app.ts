import express, { type ErrorRequestHandler, type Express } from "express";
import { ZodError, z } from "zod";
import { requireToken } from "./authentication.ts";
import type { WindmillContext } from "./context.ts";
import { FlowNotFound, UnsupportedFlow } from "./engine/load_flow.ts";
import { badRequest, HttpError, notFound, notSupported } from "./http_error.ts";
import { JobExists } from "./jobs/job_service.ts";
import { ScriptNotFound, UnsupportedScript } from "./jobs/script_catalog.ts";
import { installPages } from "./pages.ts";
import { installAccounts, installLogin, installWorkspaceUsers } from "./routes/accounts.ts";
import { installDeployment } from "./routes/deployment.ts";
import { installFlowState } from "./routes/flow_state.ts";
import { installJobs } from "./routes/jobs.ts";
import { installResources } from "./routes/resources.ts";
import { installRunJobs } from "./routes/run_jobs.ts";
import { installS3 } from "./routes/s3.ts";
import { installScripts } from "./routes/scripts.ts";
import { installVariables } from "./routes/variables.ts";
import { installWorkers } from "./routes/workers.ts";
import {
  installHealth,
  installWorkspace,
  installWorkspaces,
  requireWorkspace,
} from "./routes/workspace.ts";
import { ValueNotFound } from "./workspace_values.ts";

/** Windmill's REST API, as far as our code, windmill-client and the wmill CLI use it. */
export function makeApp(context: WindmillContext): Express {
  const app = express().disable("x-powered-by");
  installHealth(app);
  installPages(app, context);
  installLogin(app, context);
  app.use("/api", requireToken(context));
  installAccounts(app, context);
  installWorkspaces(app, context);
  installWorkers(app, context);
  app.use(`/api/w/${context.workspace}`, makeWorkspaceRouter(context));
  app.use((request) => {
    throw notSupported(`${request.method} ${request.path}`);
  });
  app.use(answerError);
  return app;
}

function makeWorkspaceRouter(context: WindmillContext): express.Router {
  const router = express.Router();
  router.use(requireWorkspace(context));
  // Its bodies are files, and go to the disk as they come.
  installS3(router, context);
  // strict: false, because a flow's user state may be a bare string or number.
  router.use(express.json({ limit: "200mb", strict: false }));
  installWorkspace(router, context);
  installWorkspaceUsers(router);
  installVariables(router, context);
  installResources(router, context);
  installScripts(router, context);
  installDeployment(router, context);
  installRunJobs(router, context);
  installJobs(router, context);
  installFlowState(router, context);
  return router;
}

const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const { status, message } = asHttpError(error);
  response.status(status).type("text").send(message);
};

function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof JobExists) return badRequest(error.message);
  if (error instanceof UnsupportedFlow || error instanceof UnsupportedScript) {
    return new HttpError(501, error.message, error);
  }
  const missing = [ValueNotFound, FlowNotFound, ScriptNotFound];
  if (error instanceof Error && missing.some((type) => error instanceof type)) {
    return notFound(error.message);
  }
  if (error instanceof ZodError) return badRequest(z.prettifyError(error));
  const { message } = error instanceof Error ? error : new Error(String(error));
  const status = error instanceof Error && "status" in error ? Number(error.status) : 500;
  return new HttpError(status, status === 500 ? `Internal: ${message}` : message, error);
}
