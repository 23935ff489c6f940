"use strict";
// A click on a column's title sorts by it: upwards, downwards, and back to the order of the page.
for (const table of document.querySelectorAll("table")) {
  const body = table.tBodies[0];
  const original = [...body.rows];
  if (original.length < 3) continue;
  const titles = [...table.tHead.rows[0].cells];
  const value = (row, column) => {
    const cell = row.cells[column];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
  };
  const compare = (one, other) => {
    const numbers = typeof one === "number" && typeof other === "number";
    if (numbers) return Number.isNaN(one) - Number.isNaN(other) || one - other;
    return (typeof one === "string") - (typeof other === "string")
      || String(one).localeCompare(String(other), "en", { numeric: true });
  };
  titles.forEach((title, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...title.childNodes);
    title.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: null }[title.getAttribute("aria-sort")];
      const order = next === undefined ? "ascending" : next;
      titles.forEach((other) => other.removeAttribute("aria-sort"));
      let rows = original;
      if (order) {
        title.setAttribute("aria-sort", order);
        const sign = order === "ascending" ? 1 : -1;
        rows = [...original].sort((one, other) => sign * compare(value(one, column), value(other, column)));
      }
      body.append(...rows);
    });
  });
}
