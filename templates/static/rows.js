// Tables without a round trip: rows are added, copied and removed on the page,
// and what is copied from a spreadsheet fills the grid from where it is pasted.
// Without script the same buttons post the form.
(function () {
  "use strict";
  var form = document.querySelector("form[data-autosave]");
  if (!form) { return; }
  var BLANK = 987654; // the number of the row in the template, as the server writes it

  function changed(el) { el.dispatchEvent(new Event("input", { bubbles: true })); }
  function rowsOf(table) { return table.querySelectorAll("[data-row]"); }
  function controls(el) { return el.querySelectorAll("input:not([type=hidden]), select, textarea"); }

  // Each row's names and ids carry its number. Answers to choose from lose
  // theirs while two rows bear one name, so they are put back after.
  function renumber(table) {
    var key = table.dataset.table, checked = [];
    table.querySelectorAll("input").forEach(function (i) { if (i.checked) { checked.push(i); } });
    rowsOf(table).forEach(function (row, n) {
      var old = Number(row.dataset.number !== undefined ? row.dataset.number : /-(\d+)$/.exec(row.id)[1]);
      row.dataset.number = n;
      if (old !== n) { rename(row, key, old, n); }
    });
    checked.forEach(function (i) { i.checked = true; });
    form.elements.namedItem(key + ".rows").value = rowsOf(table).length;
  }
  function rename(row, key, old, n) {
    var id = new RegExp("f-" + key + "-" + old + "(?!\\d)", "g"), words = "第 " + (old + 1) + " 项", becomes = "第 " + (n + 1) + " 项";
    [row].concat(Array.prototype.slice.call(row.querySelectorAll("*"))).forEach(function (el) {
      Array.prototype.forEach.call(el.attributes, function (a) {
        if (a.name === "value" && el.tagName !== "BUTTON") { return; }
        var text = a.value.split(key + "[" + old + "]").join(key + "[" + n + "]").replace(id, "f-" + key + "-" + n).split(words).join(becomes);
        if (text !== a.value) { a.value = text; }
      });
      if (el.matches("legend, .visually-hidden, button")) {
        el.childNodes.forEach(function (t) { if (t.nodeType === 3) { t.data = t.data.split(words).join(becomes); } });
      }
    });
  }

  function blank(table) {
    var row = table.querySelector("template").content.firstElementChild.cloneNode(true);
    row.dataset.number = BLANK;
    return row;
  }
  function put(table, row, before) {
    table.querySelector(".nb-items").insertBefore(row, before);
    var none = form.elements.namedItem(table.dataset.table + ".none");
    if (none) { none.checked = false; }
    renumber(table);
    return row;
  }
  function room(table) { return rowsOf(table).length < Number(table.dataset.max); }

  function note(at, words, undo) {
    form.querySelectorAll(".nb-undo").forEach(function (n) { n.remove(); });
    var p = document.createElement("p"), button = document.createElement("button");
    p.className = "nb-undo nb-small";
    p.setAttribute("role", "status");
    p.append(words + " ");
    button.type = "button";
    button.className = "nb-linkbtn";
    button.textContent = "撤销";
    button.addEventListener("click", function () { p.remove(); undo(); });
    p.append(button);
    at.append(p);
  }

  function copyOf(row) {
    var copy = row.cloneNode(true), from = controls(row), to = controls(copy);
    var key = row.closest("[data-table]").dataset.table;
    rename(copy, key, Number(row.dataset.number !== undefined ? row.dataset.number : /-(\d+)$/.exec(row.id)[1]), BLANK);
    copy.dataset.number = BLANK;
    from.forEach(function (f, i) { to[i].value = f.value; to[i].checked = f.checked; });
    return copy;
  }
  function remove(table, row) {
    var next = row.nextElementSibling, items = table.querySelector(".nb-items");
    var words = "已删去" + row.querySelector("legend").textContent + "。";
    row.remove();
    renumber(table);
    note(table, words, function () {
      row.dataset.number = BLANK; // renumbered from what its names say
      rename(row, table.dataset.table, Number(/\[(\d+)\]/.exec(controls(row)[0].name)[1]), BLANK);
      put(table, row, next && next.parentNode === items ? next : null);
      changed(row);
      controls(row)[0].focus();
    });
    var focus = (next && next.matches("[data-row]") && controls(next)[0]) || table.querySelector("button[name=add]");
    if (focus) { focus.focus(); }
    changed(table);
  }

  form.addEventListener("click", function (e) {
    var button = e.target.closest("button[name=add], button[name=copy], button[name=remove]");
    var table = button && button.closest("[data-table]");
    if (!table) { return; }
    var row = button.closest("[data-row]");
    if (button.name === "remove") {
      e.preventDefault();
      remove(table, row);
      return;
    }
    if (!room(table)) { return; } // the server says so
    e.preventDefault();
    row = button.name === "add" ? put(table, blank(table), null) : put(table, copyOf(row), row.nextElementSibling);
    controls(row)[0].focus();
    changed(row);
  });

  // ---------- pasting ----------
  function cellsOf(text) {
    var rows = [[]], cell = "", quoted = false, i, c;
    text = text.replace(/\r\n?/g, "\n");
    for (i = 0; i < text.length; i++) {
      c = text[i];
      if (quoted) {
        if (c !== '"') { cell += c; } else if (text[i + 1] === '"') { cell += c; i++; } else { quoted = false; }
      } else if (c === '"' && cell === "") { quoted = true; }
      else if (c === "\t") { rows[rows.length - 1].push(cell.trim()); cell = ""; }
      else if (c === "\n") { rows[rows.length - 1].push(cell.trim()); cell = ""; rows.push([]); }
      else { cell += c; }
    }
    rows[rows.length - 1].push(cell.trim());
    return rows.filter(function (r) { return r.join("") !== ""; });
  }

  // A field of a row: how it is answered from a cell's text.
  function answer(field, text) {
    var before = [], inputs = controls(field);
    inputs.forEach(function (i) { before.push([i, i.value, i.checked]); });
    var first = inputs[0];
    if (!first) { return []; }
    var words = text.split(/[、，,；;\n]/).map(function (w) { return w.trim(); });
    if (first.type === "radio" || first.type === "checkbox") {
      inputs.forEach(function (i) {
        var label = i.closest("label").textContent.trim();
        i.checked = first.type === "radio" ? label === text || i.value === text : words.indexOf(label) >= 0;
      });
    } else if (first.tagName === "SELECT") {
      Array.prototype.forEach.call(first.options, function (o) { if (o.textContent.trim() === text || o.value === text) { first.value = o.value; } });
    } else {
      first.value = first.matches("[data-money]") ? amount(text) : text;
      first.dispatchEvent(new Event("focusout", { bubbles: true }));
    }
    changed(first);
    return before;
  }
  function amount(text) {
    var m = /^[(（](.*)[)）]$/.exec(text);
    return /^[-－—–−]$/.test(text) ? "0" : m ? "-" + m[1] : text;
  }

  function intoTable(table, input, grid) {
    var row = input.closest("[data-row]"), done = [];
    function fields(r) { return Array.prototype.filter.call(r.querySelector(".nb-parts-of").children, function (f) { return controls(f).length > 0; }); }
    var at = fields(row).findIndex(function (f) { return f.contains(input); });
    var names = fields(row).map(function (f) { return f.querySelector(".form-label").textContent.trim(); });
    if (grid[0].some(function (cell, i) { return cell !== "" && cell === names[at + i]; })) { grid = grid.slice(1); }
    grid.every(function (cells) {
      if (!row) {
        if (!room(table)) { return false; }
        row = put(table, blank(table), null);
      }
      var list = fields(row);
      cells.forEach(function (text, i) { if (list[at + i]) { done = done.concat(answer(list[at + i], text)); } });
      row = row.nextElementSibling;
      return true;
    });
    return done;
  }
  function intoStatement(input, grid) {
    var line = input.closest("tr"), column = Array.prototype.indexOf.call(line.querySelectorAll("td.c-money"), input.closest("td")), done = [];
    grid.forEach(function (cells) {
      while (line && !line.querySelector("td.c-money")) { line = line.nextElementSibling; }
      if (!line) { return; }
      var list = line.querySelectorAll("td.c-money");
      cells.forEach(function (text, i) {
        if (text !== "" && list[column + i]) { done = done.concat(answer(list[column + i], text)); }
      });
      line = line.nextElementSibling;
    });
    return done;
  }

  form.addEventListener("paste", function (e) {
    var input = e.target, text = e.clipboardData && e.clipboardData.getData("text/plain");
    if (!text || !input.matches("input") || !/[\t\n]/.test(text.replace(/[\r\n]+$/, ""))) { return; }
    var table = input.closest("[data-table]"), grid = cellsOf(text), done;
    if (!table && !input.closest("table")) { return; }
    e.preventDefault();
    if (!table && grid.some(function (r) { return r.some(function (c) { return /[\u4e00-\u9fff]/.test(c); }); })) {
      var area = form.querySelector(".nb-stack > .nb-paste textarea, form > .nb-paste textarea");
      area.value = text; // lines with their names: the server finds them
      form.requestSubmit(area.closest("details").querySelector("button"));
      return;
    }
    done = table ? intoTable(table, input, grid) : intoStatement(input, grid);
    input.focus();
    note(table || input.closest("section"), "已从剪贴板填入 " + grid.length + " 行。", function () {
      done.forEach(function (was) { was[0].value = was[1]; was[0].checked = was[2]; changed(was[0]); });
    });
  });

})();
