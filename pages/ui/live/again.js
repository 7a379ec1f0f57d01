// The words of a line that is said once more, where the page has drawn the line.

class Again {
  constructor(root) {
    this.list = root.querySelector(".lines");
    this.text = document.createElement("div");
    this.text.className = "text";
    this.list.replaceChildren(this.text);
  }

  update(data, _trigger, hub) {
    this.hub = hub;
    this.data = data;
    this.seq = data.seq;
    hub.redraw();
  }

  draw(hub) {
    const line = hub.again.get(this.seq) || this.data;
    const pending = line === this.data || line.status === "pending";
    this.list.classList.toggle("pending", pending);
    this.list.classList.toggle("waiting", pending && !line.content);
    if (this.shown === line.content) return;
    this.shown = line.content;
    drawMarkdown(this.text, line.content);
  }

  close() {
    if (this.hub) this.hub.detach(this);
  }
}
