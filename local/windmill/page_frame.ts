import { Html, html } from "../html.ts";

const STYLE = new Html(`
  :root { color-scheme: light dark; }
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; } h3 { font-size: .9rem; margin: .8rem 0 .2rem; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8883; }
  .number { text-align: right; font-variant-numeric: tabular-nums; }
  .quiet { opacity: .65; }
  pre { background: #8881; padding: .6rem .8rem; border-radius: 6px; overflow: auto; max-height: 24rem;
    white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
  .steps { list-style: none; padding-left: 1rem; border-left: 2px solid #8883; }
  .steps summary { cursor: pointer; padding: .2rem 0; }
  .badge { font-size: .8rem; padding: .1rem .5rem; border-radius: 1rem; color: #fff; background: #6b7280; }
  .success { background: #15803d; } .failure { background: #b91c1c; }
  .running { background: #1d4ed8; } .canceled { background: #92400e; }
`);

/** The frame of every page: nothing is loaded from elsewhere, so it works with the network away. */
export function page(title: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} · local Windmill</title>
    <link rel="icon" href="data:,">
    <style>${STYLE}</style>
  </head>
  <body>
    <p class="quiet"><a href="/runs">Runs</a> · local Windmill</p>
    <h1>${title}</h1>
    ${content}
  </body>
</html>`;
}
