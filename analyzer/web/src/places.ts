// places.ts -- a filter for the tables of places: rows whose text doesn't match are hidden.

import { element, labelled } from "./dom";
import { count } from "./units";

export function showFilter(table: HTMLTableElement): void {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => !row.classList.contains("sum"));
  if (rows.length < 6) return;
  const texts = rows.map((row) => (row.textContent ?? "").toLowerCase());
  const input = element("input", { type: "search", placeholder: "part of a name", size: "24" });
  const found = element("span", { class: "dim", role: "status" });
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase();
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !texts[i]?.includes(wanted);
      shown += row.hidden ? 0 : 1;
    });
    found.textContent = wanted ? `${count(shown)} of ${count(rows.length)}` : "";
  });
  table.closest(".wide")?.before(element("div", { class: "tools" }, labelled("filter", input), found));
}
