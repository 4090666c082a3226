// Totals as one types. Which figure adds up what stands in the page, as the
// server took it from the form (data-calc, data-terms, data-over); the server
// works everything out again when the page is saved. Amounts are whole numbers
// of hundredths throughout.
(function () {
  "use strict";
  var form = document.querySelector("form[data-autosave]");
  if (!form) { return; }

  function read(text, decimals) {
    var plain = text.normalize("NFKC").replace(/[,，\s]/g, "").replace(/[−–]/g, "-").replace(/(元|%)$/, "");
    var m = /^(-?)(\d{0,13})(?:\.(\d{0,2}))?$/.exec(plain);
    if (!m || !(m[2] || m[3]) || (decimals === 0 && m[3])) { return null; }
    var n = BigInt(m[2] || "0");
    if (decimals) { n = n * 100n + BigInt(((m[3] || "") + "00").slice(0, 2)); }
    return m[1] ? -n : n;
  }

  function written(n, decimals) {
    var digits = (n < 0n ? -n : n).toString();
    if (decimals) {
      digits = digits.padStart(3, "0");
      digits = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",") + "." + digits.slice(-2);
    } else {
      digits = digits.replace(/\B(?=(\d{3})+$)/g, ",");
    }
    return (n < 0n ? "−" : "") + digits;
  }

  function Pass() {
    this.calcs = new Map();
    this.known = new Map();
    form.querySelectorAll("[data-calc]").forEach(function (el) { this.calcs.set(el.dataset.calc, el); }, this);
  }
  Pass.prototype.figure = function (path, decimals) {
    if (this.known.has(path)) { return this.known.get(path); }
    this.known.set(path, null); // a formula that leads back to itself adds nothing
    var el = this.calcs.get(path), input = form.elements.namedItem(path), n = null;
    if (el) { n = el.dataset.terms ? this.sum(el) : read(el.textContent, decimals); }
    else if (input && typeof input.value === "string") { n = read(input.value, decimals); }
    this.known.set(path, n);
    return n;
  };
  Pass.prototype.sum = function (el) {
    var decimals = Number(el.dataset.decimals), total = 0n, any = false, pass = this;
    // A ratio's parts are amounts or counts, of which both sides are the same kind.
    var of = el.dataset.over ? 2 : decimals;
    el.dataset.terms.split(" ").forEach(function (term) {
      var n = pass.figure(term.slice(1), of);
      if (n === null) { return; }
      total = term[0] === "-" ? total - n : total + n;
      any = true;
    });
    if (!any || !el.dataset.over) { return any ? total : null; }
    var whole = this.figure(el.dataset.over, of);
    if (whole === null) { return null; }
    return total < 0n || whole <= 0n ? 0n : (total * 10000n + whole / 2n) / whole;
  };

  function workOut() {
    var pass = new Pass();
    pass.calcs.forEach(function (el, path) {
      if (!el.dataset.terms) { return; }
      var decimals = Number(el.dataset.decimals), n = pass.figure(path, decimals);
      var text = n === null ? (el.closest(".nb-field__calc") ? "—" : "") : written(n, decimals);
      if (el.textContent !== text) { el.textContent = text; }
    });
  }
  form.addEventListener("input", workOut);
  form.addEventListener("change", workOut);

  // Days are written one way when the field is left: 2018/3/5 becomes 2018-03-05.
  form.addEventListener("focusout", function (e) {
    var input = e.target;
    if (!input.matches || !input.matches("input[data-date]")) { return; }
    var text = input.value.normalize("NFKC").replace(/\s/g, "");
    var m = /^(\d{4})[-\/.年](\d{1,2})[-\/.月](\d{1,2})日?$/.exec(text) || /^(\d{4})(\d{2})(\d{2})$/.exec(text);
    if (!m) { return; }
    var day = new Date(Date.UTC(+m[1], +m[2] - 1, +m[3]));
    if (day.getUTCMonth() !== +m[2] - 1) { return; } // no such day, which the server says
    input.value = m[1] + "-" + m[2].padStart(2, "0") + "-" + m[3].padStart(2, "0");
  });

  // What was filled in beforehand is no longer so once it is changed.
  function unmark(e) {
    var table = e.target.closest("[data-table]");
    var around = e.target.closest(".nb-cell") || (table ? table.querySelector("h2") : e.target.closest(".nb-group") || e.target.closest(".nb-field"));
    var mark = around && around.querySelector("[data-mark]");
    if (!mark) { return; }
    mark.remove();
    if (e.target.matches(".nb-cell input")) {
      e.target.setAttribute("aria-label", e.target.getAttribute("aria-label").replace("，来自上年报告，未核对", ""));
    }
    var left = document.querySelector("[data-marks]");
    if (!left) { return; }
    left.textContent = Math.max(0, Number(left.textContent) - 1);
    if (left.textContent === "0") { left.closest("[data-confirm]").hidden = true; }
  }
  form.addEventListener("input", unmark);
  form.addEventListener("change", unmark);
})();
