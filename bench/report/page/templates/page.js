"use strict";
(() => {
  const live = document.getElementById("live");
  const key = (row, column) => {
    const text = row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
    return text === "" ? null : Number.isNaN(Number(text)) ? text.toLowerCase() : Number(text);
  };
  // empty cells stay at the end in both directions
  const compare = (a, b, sign) => {
    if (a === null || b === null) return (a === null) - (b === null);
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return sign * (a < b ? -1 : a > b ? 1 : 0);
  };
  const sort = (button) => {
    const head = button.closest("th");
    const table = head.closest("table");
    const column = head.cellIndex;
    const first = button.dataset.first || "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    table.querySelectorAll("th[aria-sort]").forEach((th) => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", order);
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => compare(key(a, column), key(b, column), order === "ascending" ? 1 : -1));
    table.tBodies[0].append(...rows);
    live.textContent = `${button.textContent.trim()}, sorted ${order}`;
  };
  document.querySelectorAll("th button").forEach((b) => b.addEventListener("click", () => sort(b)));

  const wanted = document.getElementById("filter-method");
  const network = document.getElementById("filter-network");
  const others = document.getElementById("filter-roles");
  const filter = () => {
    const words = wanted.value.toLowerCase().split(/[\s,]+/).filter(Boolean);
    let shown = 0;
    document.querySelectorAll("[data-method]").forEach((item) => {
      const fits = !words.length || words.some((word) => item.dataset.method.toLowerCase().includes(word));
      item.hidden = !(fits && (others.checked || item.dataset.role === "method"));
      shown += item.hidden ? 0 : 1;
    });
    document.querySelectorAll("[data-network]").forEach((part) => {
      part.hidden = network.value !== "" && part.dataset.network !== network.value;
    });
    live.textContent = `${shown} rows and pictures shown`;
  };
  [wanted, network, others].forEach((control) => control.addEventListener("input", filter));
})();
