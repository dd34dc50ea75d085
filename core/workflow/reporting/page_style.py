"""The style sheet of the HTML page; colours are variables, so that light and dark share it."""

STYLE = """
:root{--paper:#fff;--ink:#1b1f24;--soft:#5b6470;--rule:#d5dae0;--shade:#f3f5f7;--f1:#0b5cad;
--precision:#9a4a00;--recall:#1a7a3c;--mark:#b3003c;--warn:#fff4d6;--warn-rule:#b37a00}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e6e9ed;--soft:#9aa4b0;
--rule:#363d46;--shade:#1d2126;--f1:#6db3f8;--precision:#f0a35c;--recall:#6fce8d;--mark:#ff7d9d;
--warn:#332a12;--warn-rule:#e0b040}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--rule:#bbb;--shade:#fff;--f1:#0b5cad;
--precision:#9a4a00;--recall:#1a7a3c;--mark:#b3003c;--warn:#fff;--warn-rule:#000}
nav{display:none}section{break-inside:auto}h2{break-after:avoid}
figure,tr,.cautions{break-inside:avoid}.wide{overflow:visible!important}body{font-size:10pt}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 3rem;max-width:72rem;background:var(--paper);
color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 1rem}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--rule)}
p,li{max-width:60rem;overflow-wrap:anywhere}
.badge{display:inline-block;margin:0;padding:.1rem .6rem;border:2px solid var(--ink);
font-weight:700;letter-spacing:.04em}
.cautions{list-style:none;margin:1rem 0;padding:.6rem 1rem;background:var(--warn);
border-left:4px solid var(--warn-rule)}
.cautions li::before{content:"! ";font-weight:700}
.note,figcaption,caption,footer{color:var(--soft);font-size:.9rem}
nav ol{columns:16rem;padding-left:1.4rem;margin:.5rem 0}
a{color:var(--f1)}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:.3rem}
th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid var(--rule);
vertical-align:top}
th{border-bottom:2px solid var(--soft);font-weight:600;white-space:nowrap}
.left{text-align:left;overflow-wrap:anywhere}
td:first-child{font-weight:500}
tbody tr:nth-child(even){background:var(--shade)}
pre{background:var(--shade);border:1px solid var(--rule);padding:.7rem 1rem;overflow-x:auto}
figure{margin:0 0 1rem}
svg{max-width:100%;height:auto;display:block}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(15.5rem,21.5rem));gap:1rem 1.2rem}
.plots figcaption{color:var(--ink);font-weight:600;overflow-wrap:anywhere}
footer{margin-top:3rem;padding-top:.6rem;border-top:1px solid var(--rule)}
.t{font:11px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--soft)}
.name{font-size:12px;fill:var(--ink)}
.strong{font-weight:700;fill:var(--ink)}
.grid{stroke:var(--rule);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.f1,.precision,.recall,.joined{fill:none;stroke-linejoin:round}
.f1{stroke:var(--f1);stroke-width:2.6}
.precision{stroke:var(--precision);stroke-width:1.5;stroke-dasharray:7 3}
.recall{stroke:var(--recall);stroke-width:1.7;stroke-dasharray:1.5 3}
.band{stroke:none;fill-opacity:.2}
.f1-band{fill:var(--f1)}.precision-band{fill:var(--precision)}.recall-band{fill:var(--recall)}
.landing{fill:var(--mark);fill-opacity:.13}
.threshold{stroke:var(--mark);stroke-width:1.6}
.default-line{stroke:var(--soft);stroke-width:1;stroke-dasharray:3 3}
.bar{fill:var(--f1);fill-opacity:.45;stroke:var(--f1)}
.unknown{fill:none;stroke:var(--f1);stroke-dasharray:3 2}
.whisker{stroke:var(--ink);stroke-width:1.4}
.default{fill:var(--paper);stroke:var(--mark);stroke-width:1.6}
.diagonal{stroke:var(--soft);stroke-dasharray:4 3}
.joined{stroke:var(--f1);stroke-width:1.2}
.bin{fill:var(--f1)}
""".strip()
