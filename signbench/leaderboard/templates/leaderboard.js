"use strict";
(() => {
  // Tables: a click on a head sorts each group of rows within itself, so that anchors stay apart.
  const cellValue = (row, place) => {
    const cell = row.cells[place];
    if (!cell) return null;
    const text = cell.dataset.value ?? cell.textContent.trim();
    if (text === "" || text === "–" || text === "None") return null;
    const number = Number(text);
    return Number.isNaN(number) ? text : number;
  };
  const compared = (one, other) => {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), "en", { numeric: true });
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      head.querySelector("button").addEventListener("click", () => {
        const descending = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", descending ? "descending" : "ascending");
        for (const body of table.tBodies) {
          const rows = [...body.rows].filter((row) => !row.classList.contains("divider"));
          rows.sort((one, other) => {
            const values = [cellValue(one, place), cellValue(other, place)];
            if (values[0] === null || values[1] === null) return (values[0] === null) - (values[1] === null);
            return descending ? compared(values[1], values[0]) : compared(values[0], values[1]);
          });
          body.append(...rows);
        }
      });
    });
  }

  const filter = document.getElementById("filter");
  const found = document.getElementById("found");
  filter.addEventListener("input", () => {
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

  // Charts. Plotly takes some HTML in texts, so names are escaped for it.
  const data = document.getElementById("charts");
  if (!data || typeof Plotly === "undefined") return;
  const { metrics, points } = JSON.parse(data.textContent);
  const inert = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const looks = {
    measured: { color: "#1f6f78", symbol: "circle" },
    verified: { color: "#2d7a46", symbol: "circle" },
    anchor: { color: "#7b8794", symbol: "square" },
    published: { color: "#a5690a", symbol: "diamond-open" },
    "published ceiling": { color: "#c2a26c", symbol: "diamond-open" },
  };
  const heading = (key) => metrics.find((metric) => metric.key === key).heading;
  const has = (key) => (point) => key in point.values;
  const bars = (of, key, color) => {
    const known = of.some((point) => point.values[key][1] !== null);
    if (!known) return { visible: false };
    const end = (point, place, sign) => (point.values[key][place] === null ? 0 : sign * (point.values[key][place] - point.values[key][0]));
    return {
      type: "data",
      symmetric: false,
      array: of.map((point) => end(point, 2, 1)),
      arrayminus: of.map((point) => end(point, 1, -1)),
      color,
      thickness: 1.4,
      width: 4,
    };
  };
  const label = (point) => inert(point.source ? `${point.name} · ${point.source}` : point.name);
  const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const settings = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["lasso2d", "select2d"] };
  const base = {
    font: { family: "system-ui, sans-serif", size: 13, color: "#18212b" },
    paper_bgcolor: "#fff",
    plot_bgcolor: "#fff",
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hovermode: "closest",
    showlegend: true,
  };
  const kinds = Object.keys(looks).filter((kind) => points.some((point) => point.kind === kind));

  const intervals = (key) => {
    const shown = points.filter(has(key)).reverse();
    const narrow = window.innerWidth < 640;
    const places = new Map(shown.map((point, place) => [point, place]));
    const traces = kinds
      .map((kind) => {
        const of = shown.filter((point) => point.kind === kind);
        return {
          type: "scatter",
          mode: "markers",
          name: kind,
          x: of.map((point) => point.values[key][0]),
          y: of.map((point) => places.get(point)),
          text: of.map(label),
          hovertemplate: "%{text}<br>%{x}<extra></extra>",
          error_x: bars(of, key, looks[kind].color),
          marker: { ...looks[kind], size: 9 },
        };
      })
      .filter((trace) => trace.x.length);
    const layout = {
      ...base,
      height: 150 + 27 * shown.length,
      margin: { l: 10, r: 20, t: 40, b: 50 },
      xaxis: { title: { text: inert(heading(key)) }, automargin: true, gridcolor: "#e6eaed", zeroline: false },
      yaxis: {
        tickvals: shown.map((_, place) => place),
        ticktext: shown.map((point) => inert(short(point.source ? `${point.name} · ${point.source}` : point.name, narrow ? 18 : 44))),
        range: [-0.7, shown.length - 0.3],
        automargin: true,
        gridcolor: "#f0f2f4",
        zeroline: false,
      },
    };
    Plotly.react("intervals", traces, layout, settings);
  };

  const plane = (across, up) => {
    const both = points.filter((point) => across in point.values && up in point.values);
    const crowded = both.length > 8 || window.innerWidth < 640;
    const traces = kinds
      .map((kind) => {
        const of = both.filter((point) => point.kind === kind);
        return {
          type: "scatter",
          mode: crowded ? "markers" : "markers+text",
          name: kind,
          x: of.map((point) => point.values[across][0]),
          y: of.map((point) => point.values[up][0]),
          text: of.map(label),
          textposition: "top center",
          textfont: { size: 11, color: "#586473" },
          cliponaxis: false,
          hovertemplate: "%{text}<br>%{x}<br>%{y}<extra></extra>",
          error_x: bars(of, across, looks[kind].color),
          error_y: bars(of, up, looks[kind].color),
          marker: { ...looks[kind], size: 10 },
        };
      })
      .filter((trace) => trace.x.length);
    const layout = {
      ...base,
      height: 480,
      margin: { l: 10, r: 20, t: 40, b: 50 },
      xaxis: { title: { text: inert(heading(across)) }, automargin: true, gridcolor: "#e6eaed", zeroline: false },
      yaxis: { title: { text: inert(heading(up)) }, automargin: true, gridcolor: "#e6eaed", zeroline: false },
    };
    Plotly.react("plane", traces, layout, settings);
  };

  const filled = (id, chosen, draw) => {
    const list = document.getElementById(id);
    for (const metric of metrics) list.append(new Option(metric.heading, metric.key, false, metric.key === chosen));
    list.addEventListener("change", draw);
    return list;
  };
  const drawn = metrics.filter((metric) => points.some(has(metric.key))).map((metric) => metric.key);
  const second = drawn.find((key) => key !== drawn[0] && points.some((point) => drawn[0] in point.values && key in point.values));
  const chosen = filled("metric", drawn[0], () => intervals(chosen.value));
  const redraw = () => plane(across.value, up.value);
  const across = filled("across", drawn[0], redraw);
  const up = filled("up", second ?? drawn[0], redraw);
  intervals(chosen.value);
  redraw();
})();
