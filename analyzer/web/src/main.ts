// main.ts -- makes the page's chart zoomable, draws the flame graph, adds filters and the places that
// found no room in its tables.  Without it the page says the same.

import "uplot/dist/uPlot.min.css";
import "./style.css";
import { showChart } from "./chart";
import { readData } from "./data";
import { showFlame } from "./flame";
import { follow, showLinks } from "./links";
import { showFilter, showPlaces } from "./places";

async function main(): Promise<void> {
  showLinks();
  const data = document.getElementById("data");
  const places = document.querySelector<HTMLTableElement>("#places");
  for (const table of document.querySelectorAll<HTMLTableElement>(".wide > table")) if (table !== places || !data) showFilter(table);
  if (data) {
    const page = await readData(data);
    const chart = document.getElementById("chart");
    const flame = document.getElementById("flame");
    if (chart) showChart(chart, page);
    if (flame) showFlame(flame, page);
    if (places) follow(showPlaces(places, page.report));
  }
  document.documentElement.dataset["ready"] = "yes";
}

// What can be read is painted before the rest is made.
requestAnimationFrame(() => setTimeout(() => void main(), 0));
