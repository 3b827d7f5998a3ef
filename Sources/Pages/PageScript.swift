/// What a page does by itself: sort its tables, filter their rows, and follow its own links. Without it everything is still there.
enum PageScript {
    /// `#sort=TABLE,COLUMN,ascending|descending` in the address sorts on opening.
    static let text = """
        (function () {
        "use strict";
        function key(row, column, isNumber) {
          var cell = row.cells[column];
          var value = cell.hasAttribute("data-v") ? cell.getAttribute("data-v") : cell.textContent;
          if (!isNumber) return value;
          if (value === "") return -Infinity;
          return value === "inf" ? Infinity : value === "-inf" ? -Infinity : parseFloat(value);
        }
        function sort(table, column, order) {
          var heads = table.tHead.rows[0].cells;
          if (!(column >= 0 && column < heads.length)) return;
          var isNumber = heads[column].classList.contains("n");
          var sign = order === "descending" ? -1 : 1;
          var rows = Array.prototype.map.call(table.tBodies[0].rows, function (row) {
            return [key(row, column, isNumber), row];
          });
          rows.sort(function (a, b) { return a[0] < b[0] ? -sign : a[0] > b[0] ? sign : 0; });
          var body = document.createDocumentFragment();
          rows.forEach(function (pair) { body.appendChild(pair[1]); });
          table.tBodies[0].appendChild(body);
          for (var i = 0; i < heads.length; i++) heads[i].setAttribute("aria-sort", i === column ? order : "none");
        }
        function filter(input) {
          var table = document.getElementById(input.getAttribute("data-table"));
          var text = input.value.toLowerCase(), shown = 0;
          Array.prototype.forEach.call(table.tBodies[0].rows, function (row) {
            row.hidden = row.textContent.toLowerCase().indexOf(text) < 0;
            if (!row.hidden) shown++;
          });
          input.parentNode.querySelector("output").textContent =
            text === "" ? "" : shown + " of " + table.tBodies[0].rows.length;
        }
        Array.prototype.forEach.call(document.querySelectorAll("table"), function (table) {
          Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
            head.querySelector("button").addEventListener("click", function () {
              var order = head.getAttribute("aria-sort");
              var first = head.classList.contains("n") ? "descending" : "ascending";
              sort(table, column, order === "none" ? first : order === "ascending" ? "descending" : "ascending");
            });
          });
        });
        Array.prototype.forEach.call(document.querySelectorAll(".filter"), function (box) {
          box.hidden = false;
          var input = box.querySelector("input");
          input.addEventListener("input", function () { filter(input); });
        });
        function follow() {
          var parts = /^#sort=([\\w-]+),(\\d+),(ascending|descending)$/.exec(location.hash);
          if (parts && document.getElementById(parts[1])) {
            sort(document.getElementById(parts[1]), parseInt(parts[2], 10), parts[3]);
            return;
          }
          var target = document.getElementById(location.hash.slice(1));
          if (!target || target.tagName !== "TR") return;
          target.hidden = false;
          target.focus({ preventScroll: true });
          target.scrollIntoView({ block: "center" });
        }
        window.addEventListener("hashchange", follow);
        follow();
        document.documentElement.setAttribute("data-ready", "yes");
        })();
        """
}
