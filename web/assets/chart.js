// Draws the headline series: the rate with its interval as a band, and the
// registered rate, which follows another definition, as a dashed line apart.
(function () {
  "use strict";
  var box = document.getElementById("chart");
  var source = document.getElementById("chart-data");
  if (!box || !source || !window.echarts) return;
  var data = JSON.parse(source.textContent);
  var navy = "#17365d", orange = "#9a4f12", muted = "#52606d";
  var percent = function (v) { return v == null ? "–" : (v * 100).toFixed(1) + "%"; };
  var font = getComputedStyle(document.body).fontFamily;
  box.hidden = false;
  document.documentElement.classList.add("charted");

  var band = data.high.map(function (h, i) {
    return h == null || data.low[i] == null ? null : h - data.low[i];
  });
  var tooltip = function (points) {
    var i = points[0].dataIndex;
    var lines = [data.periods[i], data.names.rate + "  " + percent(data.rate[i])];
    if (data.low[i] != null) lines.push(data.names.band + "  " + percent(data.low[i]) + " – " + percent(data.high[i]));
    lines.push(data.names.registered + "  " + percent(data.registered[i]));
    return lines.join("\n");
  };
  var target = data.target == null ? undefined : {
    silent: true, symbol: "none", lineStyle: { color: "#616e7c", type: "dashed", width: 1.2 },
    label: { formatter: data.names.target + " " + percent(data.target), position: "insideStartTop", color: muted, fontSize: 11 },
    data: [{ yAxis: data.target }]
  };
  var invisible = { lineStyle: { opacity: 0 }, symbol: "none", silent: true, tooltip: { show: false }, emphasis: { disabled: true } };
  var narrow = box.clientWidth < 560;
  var option = {
    animation: false,
    textStyle: { fontFamily: font, color: "#1f2933" },
    aria: { enabled: false },
    grid: { left: 8, right: 52, top: narrow ? 74 : 34, bottom: 4, containLabel: true },
    legend: {
      top: 0, left: 0, orient: narrow ? "vertical" : "horizontal", itemGap: narrow ? 4 : 18, itemWidth: 22, itemHeight: 9, selectedMode: false, textStyle: { color: muted, fontSize: 12 },
      data: [
        { name: data.names.rate, icon: "roundRect" }, { name: data.names.band, icon: "rect", itemStyle: { color: navy, opacity: 0.18 } },
        { name: data.names.registered, icon: "path://M0 4h9v2h-9zM13 4h9v2h-9z" }
      ]
    },
    tooltip: { trigger: "axis", renderMode: "richText", formatter: tooltip, confine: true, axisPointer: { lineStyle: { color: "#9fb3c8" } } },
    xAxis: { type: "category", boundaryGap: false, data: data.periods, axisTick: { alignWithLabel: true },
      axisLine: { lineStyle: { color: "#9fb3c8" } }, axisLabel: { color: muted, hideOverlap: true } },
    yAxis: { type: "value", scale: true, axisLabel: { color: muted, formatter: percent }, splitLine: { lineStyle: { color: "#e4e9ee" } } },
    series: [
      Object.assign({ name: "low", type: "line", stack: "band", data: data.low }, invisible),
      Object.assign({ name: data.names.band, type: "line", stack: "band", data: band, areaStyle: { color: navy, opacity: 0.15 },
        itemStyle: { color: navy } }, invisible),
      { name: data.names.rate, type: "line", data: data.rate, symbol: "circle", symbolSize: 5, showSymbol: data.periods.length < 40,
        lineStyle: { color: navy, width: 2.4 }, itemStyle: { color: navy }, markLine: target,
        endLabel: { show: true, formatter: function (p) { return percent(p.value); }, color: navy, fontWeight: "bold", fontSize: 13 } },
      { name: data.names.registered, type: "line", data: data.registered, symbol: "none",
        lineStyle: { color: orange, width: 1.6, type: "dashed" }, itemStyle: { color: orange },
        endLabel: { show: true, formatter: function (p) { return percent(p.value); }, color: orange, fontSize: 12 } }
    ]
  };
  var chart = window.echarts.init(box, null, { renderer: "canvas" });
  chart.on("finished", function () { box.setAttribute("data-drawn", String(data.periods.length)); });
  chart.setOption(option);
  window.addEventListener("resize", function () { chart.resize(); });
})();
