"""Pages that links in mails lead to: confirm an address, set a new password. No framework, nothing inline.

The token of a link is in its fragment: browsers send that to nobody, so it is in no log and no referrer.
The script takes it out of the address bar before anything else.
"""

from __future__ import annotations

STYLE_PATH = "/account/page.css"
SCRIPT_PATH = "/account/page.js"

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} · TAXLIEN.online</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
<script src="{script}" defer></script>
</head>
<body data-page="{page}">
<header><a href="/">TAXLIEN<span>.online</span></a></header>
<main>
{content}
<noscript><p class="note bad">This page needs JavaScript.</p></noscript>
</main>
</body>
</html>
"""

_ASK_FOR_LINK = """<form id="ask" data-to="{to}" novalidate hidden>
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="email" inputmode="email" required
 aria-describedby="email-error">
<p class="error" id="email-error" hidden></p>
<button>{button}</button>
</form>"""

_RESULT = """<p class="note" id="result" role="status" tabindex="-1" hidden></p>"""

VERIFY_EMAIL_PAGE = _FRAME.format(
    title="Confirm your e-mail address",
    style=STYLE_PATH,
    script=SCRIPT_PATH,
    page="verify-email",
    content=f"""<h1>Confirm your e-mail address</h1>
<p id="lead">One click, and the address is confirmed as yours.</p>
<form id="act" data-to="/v1/auth/verify-email" data-done="Your address is confirmed. You can sign in now."
 novalidate hidden>
<button>Confirm this address</button>
</form>
{_RESULT}
{_ASK_FOR_LINK.format(to="/v1/auth/resend-verification", button="Send a new link")}""",
)

RESET_PASSWORD_PAGE = _FRAME.format(
    title="Set a new password",
    style=STYLE_PATH,
    script=SCRIPT_PATH,
    page="reset-password",
    content=f"""<h1>Set a new password</h1>
<p id="lead">Choose one you use nowhere else. Every device that is signed in will have to sign in again.</p>
<form id="act" data-to="/v1/auth/reset-password"
 data-done="Your new password is set. Sign in with it from now on." novalidate hidden>
<label for="new_password">New password</label>
<input id="new_password" name="new_password" type="password" autocomplete="new-password" required
 aria-describedby="hint new_password-error">
<p class="error" id="new_password-error" hidden></p>
<p class="hint" id="hint">The longer, the better: a few words that do not belong together are good.</p>
<label class="line"><input id="show" type="checkbox"> Show it</label>
<button>Set new password</button>
</form>
{_RESULT}
{_ASK_FOR_LINK.format(to="/v1/auth/forgot-password", button="Send me a link")}""",
)

PAGES = {"verify-email": VERIFY_EMAIL_PAGE, "reset-password": RESET_PASSWORD_PAGE}

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #fbfaf7; --panel: #ffffff; --ink: #1d2521; --soft: #57625c; --line: #c9c7be;
  --accent: #1f6b4a; --on-accent: #ffffff; --good: #e8f2ec; --bad: #a3261b; --bad-ground: #fbebe8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #121614; --panel: #1a201d; --ink: #e8ece9; --soft: #a2aea7; --line: #46514b;
    --accent: #7fd0a5; --on-accent: #10241a; --good: #1c2f26; --bad: #ffa99d; --bad-ground: #3a1e1a;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif;
}
header { padding: 1.25rem clamp(1rem, 4vw, 2rem); }
header a { font-weight: 600; font-size: 1.125rem; color: var(--ink); text-decoration: none; }
header span { color: var(--accent); }
main {
  max-width: 28rem; margin: clamp(.5rem, 8vh, 5rem) auto 3rem; padding: clamp(1.25rem, 5vw, 2rem);
  background: var(--panel); border: 1px solid var(--line); border-radius: .75rem;
}
@media (max-width: 30rem) { main { margin-inline: 1rem; } }
h1 { margin: 0 0 .5rem; font-size: 1.5rem; line-height: 1.2; }
p { margin: 0 0 1rem; text-wrap: pretty; }
#lead, .hint { color: var(--soft); }
.hint { font-size: .9375rem; }
label { display: block; font-weight: 600; margin-bottom: .35rem; }
label.line { display: flex; gap: .5rem; align-items: center; font-weight: 400; margin-bottom: 1rem; }
input:not([type=checkbox]) {
  width: 100%; font: inherit; color: inherit; background: var(--ground); padding: .65rem .75rem;
  border: 1px solid var(--line); border-radius: .5rem; margin-bottom: .5rem;
}
input[type=checkbox] { width: 1.1rem; height: 1.1rem; accent-color: var(--accent); }
input[aria-invalid=true] { border-color: var(--bad); }
button {
  width: 100%; font: inherit; font-weight: 600; padding: .75rem 1rem; border: 0; border-radius: .5rem;
  background: var(--accent); color: var(--on-accent); cursor: pointer;
}
button:disabled { opacity: .65; cursor: progress; }
.error { color: var(--bad); margin-bottom: .5rem; }
.note { padding: .85rem 1rem; border-radius: .5rem; background: var(--good); margin: 1rem 0; }
.note.bad { background: var(--bad-ground); color: var(--bad); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.note:focus { outline: none; }
"""

SCRIPT = """
const byId = (id) => document.getElementById(id);
const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (location.hash) history.replaceState(null, "", location.pathname);

const act = byId("act"), ask = byId("ask"), result = byId("result"), lead = byId("lead");
const subjects = { token: "This link", new_password: "The password", email: "The address" };
const resetting = document.body.dataset.page === "reset-password";

function say(text, bad) {
  result.textContent = text;
  result.classList.toggle("bad", bad);
  result.hidden = false;
  result.focus();
}

function clear(form) {
  result.hidden = true;
  for (const field of form.querySelectorAll("input")) field.removeAttribute("aria-invalid");
  for (const text of form.querySelectorAll(".error")) text.hidden = true;
}

// Show a problem (RFC 9457): beside the field it names, or else as a whole.
function complain(form, problem) {
  let first = null;
  const rest = [];
  const sentence = (name, message) => {
    const whole = /^[a-z]/.test(message) ? `${subjects[name] ?? "This"} ${message}` : message;
    return /[.!?]$/.test(whole) ? whole : `${whole}.`;
  };
  for (const { field, message } of problem.errors ?? []) {
    const name = field.split(".").pop();
    const input = form.elements.namedItem(name), place = byId(`${name}-error`);
    if (!input || !place) { rest.push(sentence(name, message)); continue; }
    place.textContent = sentence(name, message);
    place.hidden = false;
    input.setAttribute("aria-invalid", "true");
    first ??= input;
  }
  if (first) first.focus();
  else say(rest.join(" ") || problem.detail || "That did not work.", true);
  return first !== null;
}

async function post(form, body) {
  const button = form.querySelector("button"), label = button.textContent;
  clear(form);
  button.disabled = true;
  button.textContent = "One moment…";
  try {
    const answer = await fetch(form.dataset.to, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body: JSON.stringify(body),
      credentials: "omit",
    });
    const text = await answer.text();
    let content = {};
    try { content = text ? JSON.parse(text) : {}; } catch { content = {}; }
    if (answer.status === 429) {
      const seconds = Number(answer.headers.get("retry-after"));
      const wait = seconds > 90 ? `${Math.ceil(seconds / 60)} minutes` : `${seconds || 60} seconds`;
      content.detail = `Too many attempts. Please try again in ${wait}.`;
      content.errors = [];
    }
    return { ok: answer.ok, content };
  } catch {
    return { ok: false, content: { detail: "The server cannot be reached. Please try again." } };
  } finally {
    button.disabled = false;
    button.textContent = label;
  }
}

act.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { token };
  if (resetting) {
    const field = byId("new_password");
    if (!field.value) {
      complain(act, { errors: [{ field: "new_password", message: "Please enter a password." }] });
      return;
    }
    body.new_password = field.value;
  }
  const { ok, content } = await post(act, body);
  if (ok) {
    act.hidden = lead.hidden = true;
    act.reset();
    say(act.dataset.done, false);
  } else if (!complain(act, content) && (content.errors ?? []).some((e) => e.field.endsWith("token"))) {
    act.hidden = true;
    offer("Enter your address to get a new link.");
  }
});

ask.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { ok, content } = await post(ask, { email: ask.elements.namedItem("email").value.trim() });
  if (ok) {
    ask.hidden = true;
    lead.hidden = true;
    say(content.message ?? "If this address is known here, a mail is on its way.", false);
  } else {
    complain(ask, content);
  }
});

byId("show")?.addEventListener("change", (event) => {
  byId("new_password").type = event.target.checked ? "text" : "password";
});

function offer(text) {
  lead.textContent = text;
  lead.hidden = false;
  ask.hidden = false;
}

if (token) {
  act.hidden = false;
  byId("new_password")?.focus();
} else if (resetting) {
  offer("Enter the address of your account. A mail with a link to set a new password follows.");
} else {
  offer("Open the link in the mail we sent. If it did not arrive, ask for another one.");
}
"""
