"use strict";
(() => {
  // Tables: the first click on a head sorts the best first, the second the worst first, the third restores the order. Each group
  // of rows is sorted separately, so that anchors stay below. data-order: the smaller, the better; text is sorted alphabetically.
  const key = (row, index) => {
    const cell = row.cells[index];
    if (cell.dataset.order !== undefined) return Number(cell.dataset.order);
    return cell.classList.contains("number") ? null : cell.textContent.trim();
  };
  const compared = (one, other) =>
    typeof one === "number" ? one - other : one.localeCompare(other, "en", { numeric: true });
  const spoken = { best: { lower: "ascending", higher: "descending" }, worst: { lower: "descending", higher: "ascending" } };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    const initial = heads.find((head) => head.hasAttribute("aria-sort"));
    const bodies = [...table.tBodies].map((body) => [body, [...body.rows].filter((row) => !row.classList.contains("divider"))]);
    const next = { none: "best", best: "worst", worst: "none" };
    let sorted = initial ? { head: initial, way: "best" } : { head: null, way: "none" };
    heads.forEach((head, index) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.title = "Sort: best first, then worst first, then as it was";
      button.addEventListener("click", () => {
        const way = sorted.head === head ? next[sorted.way] : "best";
        sorted = way === "none" && initial ? { head: initial, way: "best" } : { head: way === "none" ? null : head, way };
        for (const other of heads) {
          other.removeAttribute("aria-sort");
          other.classList.remove("worst");
        }
        if (sorted.head !== null) {
          sorted.head.setAttribute("aria-sort", spoken[sorted.way][sorted.head.dataset.direction ?? "lower"] ?? "other");
          sorted.head.classList.toggle("worst", sorted.way === "worst");
        }
        for (const [body, rows] of bodies) {
          const ordered = [...rows];
          if (way !== "none") {
            ordered.sort((one, other) => {
              const [first, second] = [key(one, index), key(other, index)];
              if (first === null || second === null) return (first === null) - (second === null);
              return way === "best" ? compared(first, second) : compared(second, first);
            });
          }
          body.append(...ordered);
        }
      });
    });
  }

  const filter = document.getElementById("filter");
  const found = document.getElementById("found");
  filter?.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    let shown = 0;
    let all = 0;
    for (const row of document.querySelectorAll("table.sortable tbody tr:not(.divider)")) {
      const fits = row.textContent.toLowerCase().includes(wanted);
      row.hidden = !fits;
      all += 1;
      shown += fits ? 1 : 0;
    }
    found.textContent = wanted === "" ? "" : `${shown} of ${all} rows`;
  });
})();
