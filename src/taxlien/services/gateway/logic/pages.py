"""The gateway's own pages: where everything is, and the API's documentation. Plain HTML, no other host."""

from __future__ import annotations

import base64
import hashlib

_STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fbfaf7; --panel: #ffffff; --ink: #1d2521; --soft: #57625c; --line: #e3e1d9;
  --accent: #1f6b4a; --accent-ground: #e8f2ec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121614; --panel: #1a201d; --ink: #e8ece9; --soft: #a2aea7; --line: #2b332f;
    --accent: #7fd0a5; --accent-ground: #1c2f26;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
main { max-width: 76rem; margin: 0 auto; padding: clamp(1.5rem, 5vw, 4.5rem) clamp(1rem, 4vw, 2rem); }
h1 { margin: 0; font-size: clamp(1.9rem, 5vw, 2.75rem); line-height: 1.1; letter-spacing: -.02em; }
h1 span { color: var(--accent); }
.lead { max-width: 38rem; text-wrap: pretty; margin: 1rem 0 2.5rem; font-size: 1.125rem; color: var(--soft); }
h2 { margin: 0 0 .25rem; font-size: 1.0625rem; }
.panels { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); }
section { background: var(--panel); border: 1px solid var(--line); border-radius: .75rem; padding: 1.25rem; }
section p { margin: 0 0 .75rem; color: var(--soft); }
ul { margin: 0 -.5rem; padding: 0; list-style: none; }
li a {
  display: block; padding: .55rem .5rem; border-radius: .5rem; color: inherit; text-decoration: none;
}
li a:hover { background: var(--accent-ground); }
li strong { display: block; text-wrap: balance; font-weight: 600; color: var(--accent); }
code {
  font: .8125rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace;
  color: var(--soft); overflow-wrap: anywhere;
}
a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { margin-top: 2.5rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--soft); }
footer p { margin: 0 0 .5rem; font-size: .9375rem; }
footer a { color: var(--accent); }
"""


def _link(href: str, title: str, shown: str | None = None) -> str:
    address = shown or href.replace("&", "&amp;")
    href = href.replace("&", "&amp;")
    return f'<li><a href="{href}"><strong>{title}</strong><code>{address}</code></a></li>'


_SEARCHES = (
    ("/v1/search?q=main+st&state=FL", "Liens on a Main Street in Florida"),
    (
        "/v1/search?state=CO&price_max=2000&sort=roi_desc",
        "Colorado under $2,000, best return first",
    ),
    ("/v1/search/autocomplete?q=mai", "What an address may be, while typing"),
    ("/v1/search/filters", "What there is to filter by"),
)
_LAW = (
    ("/v1/liens/rules", "The rules of every state"),
    ("/v1/liens/rules/FL", "Florida: rate, redemption, statute"),
    ("/v1/liens/counties?state=CO", "Counties of Colorado"),
    ("/v1/liens/sales", "Sales that are known"),
)
_REFERENCE = (
    ("/docs", "API documentation"),
    ("/openapi.json", "API description (OpenAPI 3.1)"),
    ("/healthz", "Status of this gateway"),
)


def _section(title: str, text: str, links: tuple[tuple[str, str], ...]) -> str:
    items = "".join(_link(href, name) for href, name in links)
    return f"<section><h2>{title}</h2><p>{text}</p><ul>{items}</ul></section>"


START_PAGE = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TAXLIEN.online</title>
<meta name="description" content="US property-tax liens, searched and priced under the law of each state.">
<link rel="icon" href="data:,">
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>TAXLIEN<span>.online</span></h1>
<p class="lead">What US counties publish about tax liens and deeds, and what the law of that state on that
date pays, to the cent and with the statute.</p>
<div class="panels">
{_section("Search", "Every lien of every imported county, as JSON.", _SEARCHES)}
{_section("The law and the places", "What redemption pays, by state and sale date.", _LAW)}
{_section("For programs", "Everything here is an API first.", _REFERENCE)}
</div>
<footer>
<p>Import a county's file with <code>taxlien import FILE</code> and search it a minute later.</p>
<p>Figures are computed from published data and law; they are not legal or investment advice.</p>
</footer>
</main>
</body>
</html>
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

PAGE_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API documentation · TAXLIEN.online</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/page.css">
</head>
<body>
<header><a href="/">TAXLIEN<span>.online</span></a></header>
<div id="documentation"></div>
<noscript>This page needs JavaScript. The description itself is at <a href="/openapi.json">/openapi.json</a>.
</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

DOCS_STYLE = """
:root { color-scheme: light; }
html.dark-mode { color-scheme: dark; background: #1c2022; }
body { margin: 0; }
header {
  box-sizing: border-box; max-width: 1460px; margin: 0 auto; padding: 1rem clamp(1rem, 4vw, 1.25rem) 0;
}
header a {
  font: 600 1.125rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
  color: #1d2521; text-decoration: none;
}
header span { color: #1f6b4a; }
html.dark-mode header a { color: #e8ece9; }
html.dark-mode header span { color: #7fd0a5; }
.swagger-ui .info { margin: 1.25rem 0; }
.swagger-ui .scheme-container { margin: 0; padding: .75rem 0; background: none; box-shadow: none; }
.swagger-ui .wrapper { padding: 0 clamp(1rem, 4vw, 1.25rem); box-sizing: border-box; }
.swagger-ui .opblock .opblock-summary-path { overflow-wrap: anywhere; }
a:focus-visible, button:focus-visible { outline: 3px solid #1f6b4a; outline-offset: 2px; }
"""

DOCS_SCRIPT = """
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
follow();
dark.addEventListener("change", follow);
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#documentation",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""

# Swagger UI sets styles from its script, so 'unsafe-inline' stays for styles only.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self' data:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
