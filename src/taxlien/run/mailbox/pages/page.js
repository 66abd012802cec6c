// The list renews itself; what is focused stays focused. j and k walk through the mails.
const list = document.getElementById("list");

async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("list");
    if (!fresh || fresh.innerHTML === list.innerHTML) return;
    const focused = document.activeElement?.getAttribute("href");
    list.replaceChildren(...fresh.childNodes);
    if (focused) list.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
  } catch {
    // The mailbox is being started again; the next round asks again.
  }
}

if (list) {
  setInterval(renew, 4000);
  document.addEventListener("visibilitychange", renew);
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest?.("input") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!list || !["j", "k"].includes(event.key)) return;
  const links = [...list.querySelectorAll(".mails a")];
  const at = links.indexOf(document.activeElement);
  const next = event.key === "j" ? at + 1 : Math.max(at - 1, 0);
  links[Math.min(next, links.length - 1)]?.focus();
});
