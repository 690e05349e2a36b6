"use strict";
(() => {
  // Charts of the clips' own values.
  const { inert, color, settings, axis } = charts;
  const source = document.getElementById("charts");
  if (!source || typeof Plotly === "undefined") return;
  const { runs, clips, anchors, signers, seconds, metrics } = JSON.parse(source.textContent);
  if (!metrics.length) return;
  const shade = (index) => color(`--key-${index % 6}`);
  const base = () => ({ ...charts.base(), margin: { l: 10, r: 20, t: 40, b: 50 }, height: 420 });
  const named = (metric) => (metric.unit === "1" ? metric.heading : `${metric.heading} (${metric.unit})`);
  const metricOf = (key) => metrics.find((metric) => metric.key === key);
  const clicked = (id) => {
    const chart = document.getElementById(id);
    chart.removeAllListeners?.("plotly_click");
    chart.on("plotly_click", ({ points }) => {
      const anchor = anchors[points[0].customdata];
      if (anchor) location.hash = anchor;
    });
  };
  const having = (values) => clips.map((_, index) => index).filter((index) => values[index] !== null);
  const points = (index) => ({ text: index.map((at) => inert(clips[at])), customdata: index });

  const distribution = () => {
    const metric = metricOf(document.getElementById("metric").value);
    const by = document.getElementById("by").value;
    const traces = runs.map((run, number) => {
      const values = metric.values[number];
      const index = having(values);
      const common = { name: inert(run), ...points(index) };
      const y = index.map((at) => values[at]);
      if (by === "seconds")
        return {
          ...common,
          type: "scatter",
          mode: "markers",
          x: index.map((at) => seconds[at]),
          y,
          marker: { color: shade(number), size: 8 },
          hovertemplate: "%{text}<br>%{x:.2f} s<br>%{y}<extra></extra>",
        };
      return {
        ...common,
        type: "box",
        boxpoints: "all",
        jitter: 0.5,
        pointpos: 0,
        fillcolor: "rgba(0,0,0,0)",
        x: by === "signers" ? index.map((at) => inert(signers[at] ?? "not known")) : index.map(() => inert(run)),
        y,
        marker: { color: shade(number), size: 6, opacity: 0.75 },
        line: { color: shade(number), width: 1.4 },
        hoveron: "points",
        hovertemplate: "%{text}<br>%{y}<extra></extra>",
      };
    });
    const title = { "": "", signers: "signer", seconds: "length of the reference in seconds" }[by];
    const category = by === "seconds" ? {} : { type: "category" };
    const layout = {
      ...base(),
      boxmode: by === "signers" ? "group" : "overlay",
      showlegend: runs.length > 1 && by !== "",
      xaxis: axis(title, category),
      yaxis: axis(named(metric)),
    };
    Plotly.react("distribution", traces, layout, settings).then(() => clicked("distribution"));
  };

  const plane = () => {
    const [one, other] = ["across", "up"].map((id) => metricOf(document.getElementById(id).value));
    const traces = runs.map((run, number) => {
      const index = having(one.values[number]).filter((at) => other.values[number][at] !== null);
      return {
        type: "scatter",
        mode: "markers",
        name: inert(run),
        ...points(index),
        x: index.map((at) => one.values[number][at]),
        y: index.map((at) => other.values[number][at]),
        marker: { color: shade(number), size: 8 },
        hovertemplate: "%{text}<br>%{x}<br>%{y}<extra></extra>",
      };
    });
    const layout = { ...base(), showlegend: runs.length > 1, xaxis: axis(named(one)), yaxis: axis(named(other)) };
    Plotly.react("plane", traces, layout, settings).then(() => clicked("plane"));
  };

  const filled = (id, chosen, draw) => {
    const list = document.getElementById(id);
    if (!list) return;
    for (const metric of metrics) list.append(new Option(metric.heading, metric.key, false, metric.key === chosen));
    list.addEventListener("change", draw);
  };
  const by = document.getElementById("by");
  if (new Set(signers.filter((name) => name !== null)).size < 2) by.querySelector("[value=signers]").remove();
  if (seconds.every((value) => value === null)) by.querySelector("[value=seconds]").remove();
  by.addEventListener("change", distribution);
  filled("metric", metrics[0].key, distribution);
  filled("across", metrics[0].key, plane);
  filled("up", (metrics[1] ?? metrics[0]).key, plane);
  const draw = () => {
    distribution();
    if (metrics.length > 1) plane();
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
