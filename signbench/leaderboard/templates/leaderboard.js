"use strict";
(() => {
  const { inert, color, settings, axis } = charts;
  const data = document.getElementById("charts");
  if (!data || typeof Plotly === "undefined") return;
  const { metrics, points } = JSON.parse(data.textContent);
  const symbols = {
    measured: ["--chart-measured", "circle"],
    verified: ["--chart-verified", "circle"],
    anchor: ["--chart-anchor", "square"],
    published: ["--chart-published", "diamond-open"],
    "published ceiling": ["--chart-ceiling", "diamond-open"],
  };
  const look = (kind) => ({ color: color(symbols[kind][0]), symbol: symbols[kind][1] });
  const heading = (key) => metrics.find((metric) => metric.key === key).heading;
  const has = (key) => (point) => key in point.values;
  const bars = (of, key, shade) => {
    const known = of.some((point) => point.values[key][1] !== null);
    if (!known) return { visible: false };
    const end = (point, index, sign) => (point.values[key][index] === null ? 0 : sign * (point.values[key][index] - point.values[key][0]));
    return {
      type: "data",
      symmetric: false,
      array: of.map((point) => end(point, 2, 1)),
      arrayminus: of.map((point) => end(point, 1, -1)),
      color: shade,
      thickness: 1.4,
      width: 4,
    };
  };
  const label = (point) => inert(point.source ? `${point.name} · ${point.source}` : point.name);
  const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const base = () => ({ ...charts.base(), showlegend: true });
  const kinds = Object.keys(symbols).filter((kind) => points.some((point) => point.kind === kind));

  const intervals = (key) => {
    const shown = points.filter(has(key)).reverse();
    const narrow = window.innerWidth < 640;
    const positions = new Map(shown.map((point, index) => [point, index]));
    const traces = kinds
      .map((kind) => {
        const of = shown.filter((point) => point.kind === kind);
        return {
          type: "scatter",
          mode: "markers",
          name: kind,
          x: of.map((point) => point.values[key][0]),
          y: of.map((point) => positions.get(point)),
          text: of.map(label),
          hovertemplate: "%{text}<br>%{x}<extra></extra>",
          error_x: bars(of, key, look(kind).color),
          marker: { ...look(kind), size: 9 },
        };
      })
      .filter((trace) => trace.x.length);
    const layout = {
      ...base(),
      height: 150 + 27 * shown.length,
      margin: { l: 10, r: 20, t: 40, b: 50 },
      xaxis: axis(heading(key)),
      yaxis: {
        tickvals: shown.map((_, index) => index),
        ticktext: shown.map((point) => inert(short(point.source ? `${point.name} · ${point.source}` : point.name, narrow ? 18 : 44))),
        range: [-0.7, shown.length - 0.3],
        automargin: true,
        gridcolor: color("--line"),
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
          textfont: { size: 11, color: color("--soft") },
          cliponaxis: false,
          hovertemplate: "%{text}<br>%{x}<br>%{y}<extra></extra>",
          error_x: bars(of, across, look(kind).color),
          error_y: bars(of, up, look(kind).color),
          marker: { ...look(kind), size: 10 },
        };
      })
      .filter((trace) => trace.x.length);
    const layout = {
      ...base(),
      height: 480,
      margin: { l: 10, r: 20, t: 40, b: 50 },
      xaxis: axis(heading(across)),
      yaxis: axis(heading(up)),
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
  const draw = () => {
    intervals(chosen.value);
    redraw();
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
