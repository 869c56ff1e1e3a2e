// links.ts -- the address of each part and place, to be sent to somebody else.

import { element } from "./dom";

/** Where there is no clipboard for pages from files. */
function copyByHand(text: string): boolean {
  const field = element("textarea", { "aria-hidden": "true", style: "position:fixed;opacity:0" });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByHand(text);
  }
}

/** A click goes there, as without a script, and copies the address. */
export function showLinks(): void {
  const status = element("p", { class: "copied", role: "status" });
  let clear = 0;
  document.body.append(status);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a.link") : null;
    if (!link) return;
    void copy(link.href).then((copied) => {
      status.textContent = copied ? "Link copied" : "The link is in the address bar";
      clearTimeout(clear);
      clear = setTimeout(() => (status.textContent = ""), 3000);
      link.focus();
    });
  });
}

/** Rows that aren't there yet are made when the address names them. */
export function follow(reveal: (id: string) => HTMLElement | null): void {
  const go = () => {
    const id = decodeURIComponent(location.hash.slice(1));
    if (id && (document.getElementById(id)?.hidden ?? true) && reveal(id)) location.replace(location.hash);
  };
  addEventListener("hashchange", go);
  go();
}
