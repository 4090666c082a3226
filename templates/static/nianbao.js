// Progressive enhancement only: every main path works without this file.
// No eval, no inline styles, nothing that Chrome 109 lacks.
(function () {
  "use strict";

  // After a refused save the focus belongs to the error summary.
  function focusSummary(root) {
    var summary = root.querySelector("[data-focus]");
    if (summary) { summary.focus(); }
  }

  // Amounts are grouped when the field is left: 1234.5 becomes 1,234.50. What
  // is no plain amount stays as typed, for the server to say what is wrong.
  function groupAmount(input) {
    var text = input.value.normalize("NFKC").replace(/[,，\s]/g, "").replace(/[−–]/, "-").replace(/元$/, "");
    var m = /^(-?)(\d{1,13})(?:\.(\d{0,2}))?$/.exec(text);
    if (!m) { return; }
    var whole = m[2].replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+$)/g, ",");
    input.value = (m[1] ? "−" : "") + whole + "." + ((m[3] || "") + "00").slice(0, 2);
  }

  document.addEventListener("focusout", function (e) {
    if (e.target.matches && e.target.matches("input[data-money]")) { groupAmount(e.target); }
  });

  // A form is sent once: a second press while the answer is awaited does nothing.
  document.addEventListener("submit", function (e) {
    var form = e.target;
    if (e.defaultPrevented || form.getAttribute("method") !== "post") { return; }
    if (form.dataset.sent) { e.preventDefault(); return; }
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", function () {
    Array.prototype.forEach.call(document.forms, function (form) { delete form.dataset.sent; });
  });

  // A question that depends on another answer of the page is put away while that
  // answer is another one. Without script it stays, with its condition said.
  function answers(form, field, key) {
    var scope = field.closest(".nb-item") || field.closest(".nb-group");
    var row = scope && field.id !== scope.id ? scope.querySelectorAll("[name$='." + key + "']") : [];
    var inputs = row.length ? row : form.querySelectorAll("[name='" + key + "']");
    return Array.prototype.filter.call(inputs, function (i) {
      return i.type !== "hidden" && (i.type !== "radio" && i.type !== "checkbox" || i.checked);
    }).map(function (i) { return i.value; });
  }
  function askWhatApplies() {
    document.querySelectorAll("[data-needs]").forEach(function (field) {
      var form = field.closest("form");
      field.hidden = !!form && !field.dataset.needs.split(" ").every(function (need) {
        var at = need.indexOf("=");
        if (at < 0) { // key>0
          return answers(form, field, need.slice(0, need.indexOf(">"))).some(function (v) { return Number(v.replace(/[,，]/g, "")) > 0; });
        }
        return answers(form, field, need.slice(0, at)).indexOf(need.slice(at + 1)) >= 0;
      });
    });
  }
  document.addEventListener("change", askWhatApplies);

  // A page that is there to be printed has a button for it.
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });

  // htmx requests prove where they come from as forms do.
  document.addEventListener("htmx:configRequest", function (e) {
    var token = document.body.dataset.csrf;
    if (token) { e.detail.headers["X-CSRF-Token"] = token; }
  });
  document.addEventListener("htmx:afterSwap", function (e) { focusSummary(e.target); });

  askWhatApplies();
  focusSummary(document);
})();
