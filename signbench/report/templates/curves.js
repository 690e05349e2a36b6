"use strict";
(() => {
  // Curves of trainings over their steps.
  const { inert, color, settings, axis } = charts;
  const source = document.getElementById("curve-data");
  if (!source || typeof Plotly === "undefined") return;
  const trainings = JSON.parse(source.textContent);
  const shade = (index) => color(`--key-${index % 6}`);
  const names = (kind) => [...new Set(trainings.flatMap((training) => training[kind].map((curve) => curve.name)))];
  const draw = (id, kind, name, more = {}) => {
    const traces = trainings.flatMap((training, number) => {
      const curve = training[kind].find((each) => each.name === name);
      if (!curve) return [];
      const points = curve.points.filter(([, value]) => value !== null);
      return {
        type: "scatter",
        mode: points.length > 40 ? "lines" : "lines+markers",
        name: inert(training.label),
        x: points.map(([steps]) => steps),
        y: points.map(([, value]) => value),
        line: { color: shade(number), width: 2 },
        marker: { color: shade(number), size: 7 },
        hovertemplate: "%{x:,} steps<br>%{y}<extra></extra>",
      };
    });
    const shapes = trainings.flatMap((training, number) =>
      training.phases.map(({ steps }) => ({
        type: "line",
        x0: steps,
        x1: steps,
        y0: 0,
        y1: 1,
        yref: "paper",
        line: { color: shade(number), width: 1, dash: "dot" },
      })),
    );
    const layout = {
      ...charts.base(),
      margin: { l: 10, r: 20, t: 40, b: 50 },
      height: 360,
      showlegend: trainings.length > 1,
      shapes,
      xaxis: axis("steps", { rangemode: "tozero" }),
      yaxis: axis(name, more),
    };
    Plotly.react(id, traces, layout, settings);
  };
  const loss = document.getElementById("loss");
  const logarithmic = document.getElementById("logarithmic");
  const validated = document.getElementById("validated");
  for (const [list, kind] of [[loss, "losses"], [validated, "dev"]]) for (const name of names(kind)) list.append(new Option(name, name));
  const everything = () => {
    if (loss.value) draw("losses", "losses", loss.value, logarithmic.checked ? { type: "log" } : {});
    if (validated.value) draw("dev", "dev", validated.value);
  };
  for (const control of [loss, logarithmic, validated]) control.addEventListener("change", everything);
  if (!names("dev").length) for (const element of [validated.closest(".tools"), document.getElementById("dev").closest("figure")]) element.hidden = true;
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", everything);
  everything();
})();
