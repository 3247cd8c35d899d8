"use strict";
(() => {
  const about = JSON.parse(document.getElementById("about").textContent);
  const records = [...document.querySelectorAll("section.record")];
  const info = Object.fromEntries(about.records.map(one => [one.key, one]));
  const store = `review:${about.engagement}`;
  const served = location.protocol.startsWith("http");
  const $ = id => document.getElementById(id);
  let verdicts = {}, unsaved = new Set(), at = -1;

  const said = key => {
    const found = verdicts[key];
    return found && found.fingerprint === info[key].fingerprint ? found : null;
  };
  const keys = records.map(record => record.dataset.key);
  const unseen = () => keys.filter(key => !said(key));
  const wrong = () => keys.filter(key => said(key)?.verdict === "wrong");

  // --- keeping ------------------------------------------------------------------------------------
  const keep = () => {
    try { localStorage.setItem(store, JSON.stringify({verdicts, unsaved: [...unsaved]})); } catch { /* private window */ }
  };
  const kept = () => {
    try { return JSON.parse(localStorage.getItem(store)) || {}; } catch { return {}; }
  };
  const tell = (words, bad) => { $("saved").textContent = words; $("saved").classList.toggle("bad", !!bad); };
  let sending = false;
  async function send() {
    if (!served) { tell("kept in this browser: download it at the end"); return; }
    if (sending) return;
    sending = true;
    try {
      while (unsaved.size) {
        const [key] = unsaved, sent = JSON.stringify(verdicts[key]);
        const answer = await fetch(`verdicts/${encodeURIComponent(key)}`, {
          method: "PUT", headers: {"Content-Type": "application/json"}, body: sent,
        });
        if (!answer.ok) throw new Error(await answer.text());
        if (sent === JSON.stringify(verdicts[key])) unsaved.delete(key);
      }
      tell("saved");
    } catch (error) {
      const why = error instanceof TypeError ? `is "migrator review ${about.engagement}" still running?` : error.message;
      tell(`Not saved, but kept in this browser: ${why}`, true);
    } finally {
      sending = false;
      keep();
    }
  }
  function say(verdict) {
    if (at >= records.length) return;
    const key = keys[at], before = said(key);
    const differing = records[at].dataset.line || "";
    verdicts[key] = {
      verdict, fingerprint: info[key].fingerprint, remark: before?.remark || "",
      line: verdict === "wrong" ? before?.line || differing : "", by: $("by").value.trim(), at: new Date().toISOString(),
    };
    changed(key);
  }
  function changed(key) {
    unsaved.add(key); keep(); show(); tell("saving"); send();
  }
  function detail(name, value) {
    const key = keys[at], found = key && said(key);
    if (!found || found[name] === value) return;
    verdicts[key] = {...found, [name]: value, at: new Date().toISOString()};
    changed(key);
  }

  // --- showing ------------------------------------------------------------------------------------
  function frame(box) {
    const html = box.dataset.html;
    if (!html || box.dataset.done) return;
    box.dataset.done = "1";
    const shown = document.createElement("iframe");
    // no scripts, no forms, no pop-ups, no navigation of this page; its origin is ours only to measure its height
    shown.setAttribute("sandbox", "allow-same-origin");
    shown.setAttribute("referrerpolicy", "no-referrer");
    shown.title = box.dataset.title;
    shown.style.height = "4rem";
    shown.addEventListener("load", () => {
      const height = shown.contentDocument?.documentElement.scrollHeight || 160;
      shown.style.height = `${Math.min(height + 4, 420)}px`;
    });
    shown.srcdoc = `<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="x-dns-prefetch-control" content="off">` +
      `<style>html{color-scheme:light}body{margin:.4rem;font:15px/1.45 system-ui,sans-serif;overflow-wrap:anywhere}` +
      `img{max-width:100%;height:auto}.unshown{color:#59636f}</style>` + html;
    box.replaceChildren(shown);
  }
  const seen = new IntersectionObserver(found => {
    for (const one of found) if (one.isIntersecting) { frame(one.target); seen.unobserve(one.target); }
  }, {rootMargin: "400px"});
  document.querySelectorAll(".markup").forEach(box => seen.observe(box));

  function show() {
    const n = records.length, looked = n - unseen().length, bad = wrong().length;
    $("progress").textContent = `${looked} of ${n} looked at${looked ? `, ${bad || "none"} wrong` : ""}`;
    $("done").max = n; $("done").value = looked;
    const key = keys[at], found = key ? said(key) : null;
    for (const verdict of ["right", "wrong"]) {
      $(verdict).setAttribute("aria-pressed", String(found?.verdict === verdict));
      $(verdict).disabled = !key;
    }
    $("details").hidden = found?.verdict !== "wrong";
    if (key && $("line").dataset.key !== key) {
      $("line").dataset.key = key;
      $("line").replaceChildren(new Option("no line of mapping.yaml: see the remark", ""),
        ...info[key].lines.map(line => new Option(about.lines[line] || line, line)));
    }
    $("line").value = found?.line || "";
    if (document.activeElement !== $("remark")) $("remark").value = found?.remark || "";
    [...$("pick").options].forEach((option, i) => {
      if (i >= n) return;
      const mark = {right: "✓ ", wrong: "✗ "}[said(keys[i])?.verdict] || "· ";
      option.textContent = mark + info[keys[i]].name;
    });
    $("pick").value = String(at);
    ended();
  }
  function ended() {
    const left = unseen(), bad = wrong();
    $("told").textContent = told();
    const list = bad.map(key => {
      const item = document.createElement("li"), line = verdicts[key].line;
      item.textContent = `${info[key].name}: ${line || "no line of mapping.yaml"}` +
        (verdicts[key].remark ? `. ${verdicts[key].remark}` : "");
      return item;
    });
    $("wrongs").replaceChildren(...list);
    $("found").hidden = !bad.length;
    $("next").textContent = left.length ? `${left.length} are not looked at yet.`
      : bad.length ? "Change the lines that are named, sign the mapping, and run notebook 03 again: only what changes is to be looked at again."
      : "Everything is right: sign.";
  }
  function told() {
    const drawn = keys.filter(key => info[key].random);
    const bad = drawn.filter(key => said(key) ? said(key).verdict === "wrong" : info[key].differs).length;
    return about.told[Math.min(bad, about.told.length - 1)];
  }
  function go(to, focus = true) {
    at = Math.max(0, Math.min(to, records.length));
    records.forEach((record, i) => record.classList.toggle("shown", i === at));
    $("end").classList.toggle("shown", at === records.length);
    show();
    window.scrollTo(0, 0);
    const heading = (records[at] || $("end")).querySelector("h2");
    if (focus) heading.focus({preventScroll: true});
  }
  function further() {
    const later = keys.findIndex((key, i) => i > at && !said(key));
    go(later >= 0 ? later : keys.findIndex(key => !said(key)) >= 0 ? keys.findIndex(key => !said(key)) : records.length);
  }
  function right() { say("right"); further(); }
  function isWrong(line) {
    say("wrong");
    if (line) detail("line", line);
    $("remark").focus();
  }

  // --- hands --------------------------------------------------------------------------------------
  const acts = {
    ArrowRight: () => go(at + 1), j: () => go(at + 1), ArrowLeft: () => go(at - 1), k: () => go(at - 1),
    r: right, w: () => isWrong(), u: further,
  };
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("input, select, textarea");
    if (event.target.id === "remark" && event.key === "Enter") {
      detail("remark", event.target.value.trim()); event.target.blur(); further(); event.preventDefault();
    } else if (typing && event.key === "Escape") {
      event.target.blur();
    } else if (!typing && acts[event.key]) {
      acts[event.key](); event.preventDefault();
    }
  });
  $("right").onclick = right; $("wrong").onclick = () => isWrong();
  $("before").onclick = () => go(at - 1); $("after").onclick = () => go(at + 1);
  $("pick").onchange = event => go(Number(event.target.value));
  $("line").onchange = event => detail("line", event.target.value);
  $("remark").onchange = event => detail("remark", event.target.value.trim());
  document.addEventListener("click", event => {
    const button = event.target.closest("button.decides");
    if (button) isWrong(button.dataset.line);
  });
  $("download").onclick = () => {
    const text = JSON.stringify({engagement: about.engagement, verdicts}, null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], {type: "application/json"}));
    link.download = "review.json";
    link.click();
    tell("downloaded");
  };

  async function begin() {
    const own = kept();
    verdicts = own.verdicts || {};
    unsaved = new Set((own.unsaved || []).filter(key => key in info));
    if (served) {
      try {
        const there = await (await fetch("verdicts")).json();
        const mine = Object.fromEntries([...unsaved].map(key => [key, verdicts[key]]));
        verdicts = {...there.verdicts, ...mine};
        if (!$("by").value) $("by").value = there.by || "";
        await send();
      } catch { tell("The verdicts that are kept could not be read: load this page again.", true); }
    } else { tell("kept in this browser: download it at the end"); }
    document.documentElement.classList.add("working");
    const first = keys.findIndex(key => !said(key));
    go(first >= 0 ? first : records.length, false);
  }
  begin();
})();
