// What is typed is saved by itself. What could not be sent yet lies in this
// browser (localStorage), apart for each report, section and tab, and is offered
// back after a reload. The server merges by field (hidden field "base"); what was
// sent without an answer goes along ("lost"), so that nobody is asked about a
// conflict with himself after a line broke.
(function () {
  "use strict";
  var form = document.querySelector("form[data-autosave]");
  var line = document.querySelector("[data-saved]");
  if (!form || !line || !window.fetch) { return; }
  var base = form.elements.namedItem("base"), of = form.elements.namedItem("of").value;
  var QUIET = 1500, SHORT = 300, LONGEST = 60000, PATIENCE = 20000, ALIVE = 60000, KEEP = 30 * 24 * 3600 * 1000, LOST = 4;
  var typed = 0, saved = 0, busy = false, over = false, delay = 0, timer = 0, lost = [], flying = "", offered = null;
  // The line stands at the title; where that is out of sight, at the window's foot.
  if (window.IntersectionObserver) {
    new IntersectionObserver(function (seen) {
      line.classList.toggle("nb-saved--pinned", !seen[seen.length - 1].isIntersecting);
    }).observe(document.querySelector("h1"));
  }

  // ---------- the words ----------
  function say(state, words) {
    line.classList.remove("is-waiting", "is-failed");
    if (state) { line.classList.add(state); }
    line.replaceChildren();
    words.forEach(function (w) { line.append(w); });
  }
  function bold(text) { var b = document.createElement("b"); b.textContent = text; return b; }
  function link(text, href) {
    var a = document.createElement("a");
    a.href = href; a.target = "_blank"; a.rel = "opener"; a.textContent = text;
    return a;
  }

  // ---------- what the form holds ----------
  function body() {
    var sent = new URLSearchParams();
    new FormData(form).forEach(function (value, name) {
      if (typeof value === "string" && name !== "csrf_token" && name !== "base" && name !== "lost" && name.indexOf("paste.") !== 0) { sent.append(name, value); }
    });
    return sent.toString();
  }

  // ---------- what lies in this browser ----------
  var tab, prefix = "nb.draft:" + of + ":" + location.pathname + ":", kept = true;
  try {
    tab = sessionStorage.getItem("nb.tab") || Math.random().toString(36).slice(2);
    sessionStorage.setItem("nb.tab", tab);
    sweep();
  } catch (e) { kept = false; }
  function sweep() {
    Object.keys(localStorage).forEach(function (k) {
      if (k.indexOf("nb.draft:") === 0 && Date.now() - (record(k) || { at: 0 }).at > KEEP) { localStorage.removeItem(k); }
    });
  }
  function record(key) { try { return JSON.parse(localStorage.getItem(key)); } catch (e) { return null; } }
  function persist() {
    if (typed === saved) { return; }
    try {
      localStorage.setItem(prefix + tab, JSON.stringify({ base: base.value, body: body(), lost: lost, at: Date.now(), older: offered }));
    } catch (e) { kept = false; }
  }
  function forget() {
    try {
      if (offered) { localStorage.setItem(prefix + tab, JSON.stringify(offered)); } else { localStorage.removeItem(prefix + tab); }
    } catch (e) { kept = false; }
  }
  var writing = 0;
  function persistSoon() {
    clearTimeout(writing);
    writing = setTimeout(persist, 200);
  }

  // ---------- sending ----------
  function schedule(ms) {
    if (over) { return; }
    clearTimeout(timer);
    timer = setTimeout(send, ms);
  }
  function touched(e) {
    if (e.target.matches && e.target.matches("[data-paste]")) { return; }
    typed++;
    persistSoon();
    if (!delay) { schedule(e.type === "change" ? SHORT : QUIET); }
    if (!busy && !delay && !over) { say("is-waiting", ["有改动，马上保存"]); }
  }
  form.addEventListener("input", touched);
  form.addEventListener("change", touched);

  function send(last) {
    if (busy || over || typed === saved) { return; }
    busy = true;
    var at = typed, content = body(), abort = new AbortController(), late = setTimeout(function () { abort.abort(); }, PATIENCE);
    var sent = content + "&base=" + encodeURIComponent(base.value) + "&save=auto" + lost.map(function (l) { return "&lost=" + encodeURIComponent(l); }).join("");
    flying = content;
    say("is-waiting", ["正在保存…"]);
    fetch(form.action, {
      method: "POST", body: sent, signal: abort.signal, credentials: "same-origin", keepalive: last === true && sent.length < 60000,
      headers: { "Content-Type": "application/x-www-form-urlencoded", "X-CSRF-Token": form.elements.namedItem("csrf_token").value }
    }).then(function (response) {
      return response.text().then(function (text) { return answered(response, text, at, content); });
    }).catch(function () {
      failed(content);
    }).finally(function () {
      clearTimeout(late);
      busy = false;
      flying = "";
    });
  }

  function failed(content) {
    if (lost.indexOf(content) < 0) { lost = lost.concat(content).slice(-LOST); }
    delay = Math.min(delay ? delay * 2 : 2000, LONGEST);
    persist();
    say("is-failed", [bold("未能保存，将自动重试"), kept ? "改动留在本机，可以接着填。" : "请不要关闭本页。"]);
    schedule(delay + Math.random() * 500);
  }

  function answered(response, text, at, content) {
    var answer = new DOMParser().parseFromString(text, "text/html").querySelector("[data-autosaved]");
    if (response.ok && answer) { return taken(answer, at); }
    if (response.status === 401) { return signedOut(); }
    if (response.status === 403) { return renew(); }
    if (response.status >= 500 || response.status === 429 || response.status === 408) { return failed(content); }
    return refused();
  }

  function taken(answer, at) {
    base.value = answer.dataset.base;
    lost = [];
    delay = 0;
    saved = at;
    if (typed === saved) { forget(); } else { persist(); schedule(QUIET); }
    say("", Array.prototype.slice.call(answer.querySelector("[data-saved]").childNodes));
    show(answer, typed === saved);
  }

  // Another sign-in has another token. The page of this section has it, unless
  // nobody, or somebody else, is signed in.
  function renew() {
    return fetch(location.href, { credentials: "same-origin" }).then(function (response) {
      return response.text().then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        var theirs = page.querySelector("input[name=of]"), token = page.querySelector("form[data-autosave] input[name=csrf_token]");
        if (!theirs || !token) { return signedOut(); }
        if (theirs.value !== of) { return refused(); }
        form.elements.namedItem("csrf_token").value = token.value;
        document.body.dataset.csrf = token.value;
        delay = 0;
        schedule(0);
      });
    });
  }
  function signedOut() {
    delay = 30000;
    persist();
    say("is-failed", [bold("登录已过期，没有保存"), kept ? "填的内容留在本机。" : "请不要关闭本页。", link("重新登录", "/sign-in"), "后回到本页，会接着保存。"]);
    schedule(delay);
  }
  function refused() {
    over = true;
    persist();
    say("is-failed", [bold("这一部分现在不能保存"), "可能已经报送，或换了登录。", link("查看报告", location.pathname.replace(/\/sections\/.*/, "")), kept ? "填的内容留在本机。" : ""]);
  }
  function again() { if (delay && !busy) { schedule(0); } }
  window.addEventListener("online", again);
  window.addEventListener("focus", again);
  window.addEventListener("offline", function () {
    if (typed !== saved) { say("is-failed", [bold("网络断开"), "改动留在本机，恢复后自动保存。"]); }
  });

  // ---------- what the answer shows ----------
  function show(answer, latest) {
    document.querySelectorAll("[data-auto]").forEach(function (el) { el.remove(); });
    form.querySelectorAll("[data-auto-bad]").forEach(function (el) {
      el.removeAttribute("data-auto-bad"); el.removeAttribute("aria-invalid"); el.classList.remove("is-bad");
    });
    answer.querySelectorAll("[data-at]").forEach(function (said) {
      var input = document.getElementById(said.dataset.at), p = document.createElement("p");
      if (!input || input === document.activeElement) { return; } // still being typed
      p.className = "nb-field__error";
      p.dataset.auto = "";
      p.textContent = said.textContent;
      input.setAttribute("aria-invalid", "true");
      input.dataset.autoBad = "";
      input.classList.add("is-bad");
      (input.closest(".nb-figure") || input).before(p);
    });
    var told = answer.querySelector("[data-conflict], [data-kept]");
    if (told) { told.dataset.auto = ""; form.before(told); }
    if (latest) {
      answer.querySelectorAll("[data-for]").forEach(function (f) {
        var el = form.querySelector('[data-calc="' + f.dataset.for + '"]');
        if (el) { el.textContent = f.getAttribute("value") || (el.closest(".nb-field__calc") ? "—" : ""); }
      });
    }
    var now = document.querySelector(".nb-fill > .nb-tasks"), next = answer.querySelector(".nb-tasks");
    if (now && next && !now.contains(document.activeElement)) { now.replaceWith(next); }
    var marks = document.querySelector("[data-marks]");
    if (marks) {
      marks.textContent = answer.dataset.marks;
      marks.closest("[data-confirm]").hidden = answer.dataset.marks === "0";
    }
  }

  // ---------- leaving and coming back ----------
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState !== "hidden") { return; }
    persist();
    send(true);
  });
  window.addEventListener("pagehide", persist);
  window.addEventListener("beforeunload", function (e) {
    if (typed !== saved && !kept && !form.dataset.sent) { e.preventDefault(); e.returnValue = ""; }
  });
  form.addEventListener("submit", function () {
    over = true; // the button saves all
    clearTimeout(timer);
    (flying ? lost.concat(flying) : lost).slice(-LOST).forEach(function (l) {
      var input = document.createElement("input");
      input.type = "hidden"; input.name = "lost"; input.value = l;
      form.append(input);
    });
    persist();
    try { sessionStorage.setItem("nb.pressed", JSON.stringify({ key: prefix + tab, base: base.value })); } catch (e) { kept = false; }
  });
  window.addEventListener("pageshow", function (e) { if (e.persisted) { over = false; again(); } });

  // A button's save that came through needs nothing kept.
  function settlePressed() {
    var pressed = null;
    try { pressed = JSON.parse(sessionStorage.getItem("nb.pressed")); sessionStorage.removeItem("nb.pressed"); } catch (e) { return; }
    if (!pressed) { return; }
    if (pressed.key !== prefix + tab || pressed.base !== base.value) { localStorage.removeItem(pressed.key); }
  }

  function fill(content) {
    var values = new URLSearchParams(content);
    form.querySelectorAll("[data-table]").forEach(function (table) {
      var want = Number(values.get(table.dataset.table + ".rows")), add = table.querySelector("button[name=add]");
      while (add && table.querySelectorAll("[data-row]").length < want) { add.click(); }
    });
    Array.prototype.forEach.call(form.elements, function (el) {
      if (!el.name || el.type === "hidden" || el.tagName === "BUTTON" || el.matches("[data-paste]")) { return; }
      if (el.type === "radio" || el.type === "checkbox") { el.checked = values.getAll(el.name).indexOf(el.value) >= 0; return; }
      if (values.has(el.name)) { el.value = values.get(el.name); }
    });
  }
  function offer(found, key) {
    var box = document.createElement("div"), p = document.createElement("p"), yes = document.createElement("button"), no = document.createElement("button");
    offered = found;
    box.className = "nb-recover nb-small";
    box.dataset.recover = "";
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", "没有存上的内容");
    p.className = "mb-2";
    p.textContent = "这台电脑上留有 " + new Date(found.at).toLocaleString("zh-CN", { month: "long", day: "numeric", hour: "2-digit", minute: "2-digit" }) + " 在这一部分填了、没有存上的内容。";
    yes.type = no.type = "button";
    yes.className = "btn nb-btn-sm"; no.className = "nb-linkbtn ms-3";
    yes.textContent = "恢复"; no.textContent = "不要了";
    yes.addEventListener("click", function () {
      offered = null;
      if (key !== prefix + tab) { localStorage.removeItem(key); }
      box.remove();
      fill(found.body);
      base.value = found.base;
      lost = found.lost || [];
      typed++;
      form.dispatchEvent(new Event("change", { bubbles: true }));
    });
    no.addEventListener("click", function () {
      offered = null;
      localStorage.removeItem(key);
      box.remove();
      persist();
    });
    box.append(p, yes, no);
    form.before(box);
  }
  function recover() {
    var later = 0;
    Object.keys(localStorage).some(function (key) {
      if (key.indexOf(prefix) !== 0 || offered) { return false; }
      var found = record(key);
      if (!found) { return false; }
      if (found.body === body()) { localStorage.removeItem(key); return false; }
      if (key !== prefix + tab && Date.now() - found.at < ALIVE) { later = ALIVE; return false; } // another tab at work
      offer(found, key);
      return true;
    });
    if (later) { setTimeout(function () { if (typed === saved) { recover(); } }, later); }
  }
  if (kept) {
    settlePressed();
    recover();
    setInterval(function () { if (typed !== saved) { persist(); } }, ALIVE / 3);
  }
})();
