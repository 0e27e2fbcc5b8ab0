// The one loader of charts. A <canvas data-chart="id"> is drawn from the JSON in <script id="id" type="application/json">:
// a Chart.js config whose datasets may name a token as `color` ("chart-2", "good") and whose `unit` is count, percent
// (rates 0–1), points, money (with `currency`) or ms; `unit2` is that of datasets on the right-hand axis (yAxisID: "y2"). Colours come from static/css/tokens.css in the active theme.
(() => {
  "use strict";
  const library = document.currentScript.dataset.library;
  const locale = document.documentElement.dataset.locale || "en";
  const drawn = new Map();
  let loading = null;

  const load = () => {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = library;
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  };

  // light-dark() is resolved by the browser only in a real property, so a probe element is asked.
  const readColors = () => {
    const probe = document.createElement("i");
    probe.style.setProperty("transition", "none", "important"); // or the colour asked for is still on its way
    document.body.append(probe);
    const cache = {};
    const color = (token) => {
      if (!(token in cache)) {
        probe.style.color = `var(--${token})`;
        cache[token] = getComputedStyle(probe).color;
      }
      return cache[token];
    };
    const tokens = ["ink", "ink-2", "ink-3", "surface", "raised", "line-strong", "chart-grid", "good", "bad", "warn", "accent", "accent-line"];
    for (const token of tokens) color(token);
    for (let n = 1; n <= 6; n += 1) color(`chart-${n}`);
    probe.remove();
    return cache;
  };
  const fade = (rgb, alpha) => rgb.replace(/^rgb\(([^)]+)\)$/, (_, parts) => `rgb(${parts} / ${alpha})`.replaceAll(",", ""));

  const duration = (ms, digits) => {
    const units = [[86_400_000, "day"], [3_600_000, "hour"], [60_000, "minute"], [1000, "second"], [1, "millisecond"]];
    const [size, unit] = units.find(([limit]) => Math.abs(ms) >= limit) || units.at(-1);
    return new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: digits }).format(ms / size);
  };
  const formatter = (config, isAxis) => {
    const plain = (options) => { const format = new Intl.NumberFormat(locale, options); return (value) => format.format(value); };
    switch (config.unit) {
      case "percent": return plain({ style: "percent", maximumFractionDigits: isAxis ? 0 : 1 });
      case "money": return plain({ style: "currency", currency: config.currency, notation: isAxis ? "compact" : "standard", maximumFractionDigits: isAxis ? 1 : 2 });
      case "ms": return (value) => duration(value, 1);
      case "points": return (value) => `${plain({ signDisplay: "exceptZero", maximumFractionDigits: 1 })(value * 100)} pts`;
      default: return plain({ notation: isAxis ? "compact" : "standard", maximumFractionDigits: 2 });
    }
  };

  const paint = (dataset, index, type, colors) => {
    const color = colors[dataset.color || `chart-${(index % 6) + 1}`];
    const isLine = (dataset.type || type) === "line";
    const isRound = type === "doughnut" || type === "pie";
    const many = isRound ? dataset.data.map((_, n) => colors[(dataset.colors || [])[n] || `chart-${(n % 6) + 1}`]) : null;
    return {
      borderColor: isRound ? colors.surface : color,
      backgroundColor: many || (isLine ? fade(color, 0.09) : type === "bubble" ? fade(color, 0.55) : color),
      borderWidth: isLine || isRound ? 2 : 0,
      borderDash: dataset.dashed ? [4, 4] : undefined,
      fill: isLine && index === 0 && !dataset.dashed ? "origin" : false,
      // A value without neighbours has no line to be seen by.
      pointRadius: ({ dataIndex: n }) => ((dataset.data[n - 1] ?? null) === null && (dataset.data[n + 1] ?? null) === null ? 3 : 0),
      pointHoverRadius: 4,
      pointBackgroundColor: color,
      borderRadius: isLine ? undefined : 3,
      maxBarThickness: 40,
      ...dataset,
    };
  };

  const buildOptions = (config, colors, canvas) => {
    const show = formatter(config, false);
    const onAxis = formatter(config, true);
    const second = config.unit2 ? { ...config, unit: config.unit2 } : config;
    const showSecond = formatter(second, false);
    const onSecondAxis = formatter(second, true);
    const isSideways = config.options?.indexAxis === "y";
    const isSpark = canvas.closest(".chart--spark") !== null;
    const isRound = config.type === "doughnut" || config.type === "pie";
    const isScatter = config.type === "bubble"; // numbers on both axes
    const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
    const valueAxis = {
      beginAtZero: true, border: { display: false }, grid: { color: colors["chart-grid"], drawTicks: false },
      ticks: { color: colors["ink-3"], font, padding: 8, maxTicksLimit: 6, callback: (value) => onAxis(value) }, display: !isSpark,
    };
    const labelAxis = {
      border: { color: colors["chart-grid"] }, grid: { display: false },
      ticks: { color: colors["ink-3"], font, maxRotation: 0, autoSkipPadding: 16 }, display: !isSpark,
    };
    const given = config.options || {};
    const named = (extra) => (extra.title ? { title: { color: colors["ink-2"], font, ...extra.title } } : {});
    const merge = (axis, extra = {}) => ({ ...axis, ...extra, ...named(extra), ticks: { ...axis.ticks, ...extra.ticks } });
    const [x, y] = isScatter ? [valueAxis, valueAxis] : isSideways ? [valueAxis, labelAxis] : [labelAxis, valueAxis];
    return {
      ...given,
      responsive: true, maintainAspectRatio: false, locale,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 250 },
      interaction: isScatter ? { mode: "nearest", intersect: false, axis: "xy" } : { mode: "index", intersect: false, axis: isSideways ? "y" : "x" },
      scales: isRound ? {} : {
        x: merge(x, given.scales?.x),
        y: merge(y, given.scales?.y),
        ...(config.unit2 && { y2: merge({ ...valueAxis, position: "right", grid: { display: false } }, { ...given.scales?.y2, ticks: { callback: (value) => onSecondAxis(value) } }) }),
      },
      plugins: {
        ...given.plugins,
        legend: {
          display: !isSpark && (isRound || config.data.datasets.length > 1), align: "start", position: isRound ? "right" : "top",
          labels: {
            color: colors["ink-2"], font, boxWidth: 10, boxHeight: 10, useBorderRadius: true, borderRadius: 3, padding: 16,
            // A line is filled so faintly that its box would look empty.
            generateLabels: (chart) => (Chart.overrides[config.type]?.plugins?.legend?.labels || Chart.defaults.plugins.legend.labels)
              .generateLabels(chart).map((label) => (isRound ? label : { ...label, fillStyle: chart.data.datasets[label.datasetIndex].borderColor, lineWidth: 0 })),
          },
          ...given.plugins?.legend,
        },
        tooltip: {
          enabled: !isSpark, backgroundColor: colors.raised, titleColor: colors.ink, bodyColor: colors["ink-2"], borderColor: colors["line-strong"],
          borderWidth: 1, padding: 10, cornerRadius: 8, titleFont: { ...font, weight: 600 }, bodyFont: font, boxWidth: 8, boxHeight: 8, boxPadding: 6, usePointStyle: true,
          callbacks: {
            afterBody: (items) => config.marks?.find((mark) => mark.index === items[0].dataIndex)?.labels || [],
            label: (item) => {
              const raw = isRound ? item.raw : item.parsed[isSideways ? "x" : "y"];
              const name = isRound ? item.label : item.dataset.label;
              const text = item.dataset.texts?.[item.dataIndex]; // where the number of a bar is not where it ends
              if (text !== undefined) return `${name}: ${text}`;
              const note = item.dataset.notes?.[item.dataIndex];
              return `${name ? `${name}: ` : ""}${raw === null ? "–" : (item.dataset.yAxisID === "y2" ? showSecond : show)(raw)}${note ? ` (${note})` : ""}`;
            },
          },
        },
      },
    };
  };

  // Marks: what happened at a bar (config.marks: [{index, kind, labels}]), as a dashed line with a dot, told in the tooltip.
  const markColors = { article: "good", version: "accent", anomaly: "warn", several: "ink-2" };
  const buildMarks = (marks, colors) => ({
    id: "marks",
    afterDatasetsDraw: ({ ctx, chartArea, scales }) => {
      ctx.save();
      for (const mark of marks) {
        const x = scales.x.getPixelForValue(mark.index);
        ctx.strokeStyle = ctx.fillStyle = colors[markColors[mark.kind]];
        ctx.setLineDash([3, 3]);
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
        ctx.setLineDash([]);
        ctx.beginPath();
        ctx.arc(x, chartArea.top, 4, 0, 2 * Math.PI);
        ctx.fill();
      }
      ctx.restore();
    },
  });

  const draw = (canvas, colors) => {
    drawn.get(canvas)?.destroy();
    const config = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    drawn.set(canvas, new Chart(canvas, {
      type: config.type,
      data: { ...config.data, datasets: config.data.datasets.map((dataset, n) => ({ ...dataset, ...paint(dataset, n, config.type, colors) })) },
      options: buildOptions(config, colors, canvas),
      plugins: config.marks ? [buildMarks(config.marks, colors)] : [],
    }));
    canvas.parentElement.dataset.drawn = "";
  };
  const drawAll = async () => {
    for (const canvas of [...drawn.keys()]) if (!canvas.isConnected) { drawn.get(canvas).destroy(); drawn.delete(canvas); }
    const canvases = [...document.querySelectorAll("canvas[data-chart]")];
    if (!canvases.length) return;
    try {
      await load();
    } catch {
      for (const canvas of canvases) canvas.closest(".chart").querySelector("details").open = true;
      return;
    }
    const colors = readColors();
    for (const canvas of canvases) draw(canvas, colors);
  };

  document.documentElement.addEventListener("themechange", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
  addEventListener("beforeprint", () => { for (const chart of drawn.values()) chart.resize(); });
  drawAll();
})();
