import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export const WEB_PAGE_NAME = "Aurora delivery page";

const HTML = `<!doctype html>
<html lang="en">
  <head><title>Delivery — Aurora Bikes</title></head>
  <body>
    <nav><a href="/">Home</a> <a href="/shop">Shop</a> <a href="/contact">Contact</a></nav>
    <main>
      <article>
        <h1>Delivery</h1>
        <p>We deliver every bicycle assembled and ready to ride. The driver adjusts the saddle with you
        and takes the packaging back to our workshop, where it is used again.</p>
        <h2>Mainland</h2>
        <p>Delivery on the mainland is free of charge and takes three working days. You choose the morning
        or the afternoon, and the driver calls half an hour before arriving at your door.</p>
        <h2>Islands</h2>
        <p>Delivery to the islands costs 14 euros and takes nine working days, because the ferry carries
        freight only on Tuesdays. If the sea is too rough, the bicycle travels one week later.</p>
      </article>
    </main>
    <footer>Aurora Bikes, harbour street 5</footer>
  </body>
</html>`;

export interface WebSite {
  url: string;
  close(): Promise<void>;
}

/** The shop's delivery page, on a port of its own, so that it is read as any web page is. */
export async function startWebSite(): Promise<WebSite> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(HTML);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/delivery`,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error ? reject(error) : resolve()));
      }),
  };
}
