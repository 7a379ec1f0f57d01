// The "…" menu of a finished line that the page has not drawn natively yet: the same choices,
// in the same place, at no cost until one is taken.

const DOTS =
  '<svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="3" cy="8" r="1.4"/>' +
  '<circle cx="8" cy="8" r="1.4"/><circle cx="13" cy="8" r="1.4"/></svg>';

/** `options` are [key, word] pairs; `choose` is called with a key. */
function menuNode(name, options, choose) {
  const menu = document.createElement("details");
  menu.className = "menu";
  const dots = document.createElement("summary");
  dots.setAttribute("aria-label", name);
  dots.innerHTML = DOTS;
  const list = document.createElement("div");
  list.setAttribute("role", "menu");
  for (const [key, word] of options) {
    const item = document.createElement("button");
    item.type = "button";
    item.setAttribute("role", "menuitem");
    item.textContent = word;
    item.onclick = () => {
      menu.open = false;
      choose(key);
    };
    list.append(item);
  }
  menu.append(dots, list);
  closeElsewhere(menu);
  return menu;
}

/** An open menu closes with Escape, with a press elsewhere, or when the keyboard leaves it. */
function closeElsewhere(menu) {
  const pressed = (event) => {
    if (!event.composedPath().includes(menu)) menu.open = false;
  };
  menu.addEventListener("toggle", () => {
    if (menu.open) document.addEventListener("pointerdown", pressed);
    else document.removeEventListener("pointerdown", pressed);
  });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}
