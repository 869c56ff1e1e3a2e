// dom.ts -- elements from code; text is always text, never markup.

type Children = (Node | string)[];

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: Children
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function labelled(text: string, control: HTMLElement): HTMLElement {
  return element("label", {}, text, control);
}

export function choice(options: [value: string, text: string][]): HTMLSelectElement {
  return element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
}

export function button(text: string, pressed: () => void): HTMLButtonElement {
  const made = element("button", { type: "button" }, text);
  made.addEventListener("click", pressed);
  return made;
}
