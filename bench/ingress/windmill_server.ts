/** Windmill as far as the ingress needs it: it takes every start of a flow, and runs none. */

import { createServer } from "node:http";

createServer((request, response) => {
  request.resume().on("end", () => {
    const { searchParams } = new URL(request.url ?? "/", "http://windmill");
    response.writeHead(201, { "content-type": "text/plain" });
    response.end(searchParams.get("job_id") ?? "");
  });
}).listen(Number(process.env.PORT), "127.0.0.1");
