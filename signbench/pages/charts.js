"use strict";
// What the charts of all pages share. Plotly interprets some HTML in texts, so names are escaped for it.
const charts = (() => {
  const inert = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  // Only these buttons, which send no data anywhere, whatever other buttons a later plotly adds.
  const settings = {
    displaylogo: false,
    responsive: true,
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "resetScale2d"]],
    plotlyServerURL: "",
    showLink: false,
    showEditInChartStudio: false,
    showSendToCloud: false,
  };
  const base = () => ({
    font: { family: "system-ui, sans-serif", size: 13, color: color("--ink") },
    paper_bgcolor: color("--card"),
    plot_bgcolor: color("--card"),
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { font: { color: color("--card") } },
    hovermode: "closest",
    modebar: { bgcolor: "rgba(0,0,0,0)", color: color("--soft"), activecolor: color("--accent") },
  });
  const axis = (title, more = {}) => ({ title: { text: inert(title) }, automargin: true, gridcolor: color("--line"), zeroline: false, ...more });
  return { inert, color, settings, base, axis };
})();
