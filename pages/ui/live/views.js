// The running lines of a room, and which view is for which role.

const ASK_AGAIN_MS = 3000;
const SETTLE_AFTER_MS = 20000; // the longest wait while one person after the other speaks
const SPREAD_MS = 200;
const LINGER_MS = 2000;

class Talk {
  constructor(root) {
    this.root = root;
    this.list = root.querySelector(".lines");
    this.log = root.querySelector(".log");
    this.nodes = new Map();
    this.asked = 0;
    this.choices = new Choices((choice) => this.trigger("chosen", choice));
    this.watcher = new MutationObserver(() => this.leave());
    this.watching = false;
    this.follower = new Follower(() => this.hub && this.hub.redraw());
  }

  update(data, trigger, hub) {
    this.hub = hub;
    this.data = data;
    this.trigger = trigger;
    this.choices.taken(data.taken);
    hub.follower = this.follower;
    this.asked = Math.max(this.asked, this.data.settled);
    if (!this.begun && !this.data.settled) this.follower.rest();
    this.begun = true;
    hub.turn = this.data.turn;
    hub.next = this.data.next;
    hub.settle(this.data.settled);
  }

  tell(name, value) {
    this.choices.after(name, () => this.trigger(name, value));
  }

  draw(hub) {
    if (!this.data) return;
    const seqs = [...hub.lines.keys()].sort((one, other) => one - other);
    for (const seq of seqs) this.drawLine(hub.lines.get(seq));
    this.leave();
    this.watch(this.nodes.size > 0);
    this.follower.settle();
    this.ask(hub.ready());
  }

  /** Have the page draw what is finished. It costs a rerun, so while somebody speaks it waits. */
  ask(ready) {
    if (ready <= this.asked || this.asking) return;
    this.since ||= performance.now();
    this.asking = setTimeout(
      () => {
        this.asking = 0;
        if (this.mustWait()) {
          this.hub.redraw(); // look again
          return;
        }
        this.since = 0;
        if (this.hub.ready() <= this.asked) return;
        this.asked = this.hub.ready();
        this.tell("settled", this.asked);
        this.again = setTimeout(() => this.askAgain(), ASK_AGAIN_MS);
      },
      // Between two people who speak there is a moment of silence; and not all tabs at once.
      this.mustWait() ? LOOK_AGAIN_MS : SPREAD_MS * (1 + Math.random()),
    );
  }

  mustWait() {
    const late = performance.now() - this.since >= SETTLE_AFTER_MS;
    return (this.hub.speaking() && !late) || this.choosing();
  }

  /** A request that met another one on its way may be lost. */
  askAgain() {
    if (this.hub.settled >= this.asked) return;
    this.asked = this.hub.settled;
    this.hub.redraw();
  }

  /** A menu is open: its line stays where it is until that is over. */
  choosing() {
    return this.root.querySelector(".menu[open]") !== null;
  }

  drawLine(line) {
    let node = this.nodes.get(line.seq);
    if (!node) {
      node = lineNode(line, this.data);
      this.nodes.set(line.seq, node);
      const after = [...this.nodes.keys()].filter((seq) => seq > line.seq);
      const next = after.length ? this.nodes.get(Math.min(...after)) : null;
      this.list.insertBefore(node, next);
      if (line.sender === this.data.user || line.seq === 1) this.follower.end();
    }
    const text = node.querySelector(".text");
    if (text._source !== line.content) {
      text._source = line.content;
      drawMarkdown(text, line.content);
    }
    // Its head (of an agent with the facts apart), its words and its tone.
    const head = line.kind === "human" ? 1 : 2;
    node._parts = line.deleted ? 1 : head + Boolean(line.content) + hasTone(line);
    const pending = line.status === "pending";
    node.querySelector("small").textContent = facts(line, this.data.words);
    node.querySelector(".note").textContent = pending ? "" : note(line, this.data.words);
    node.classList.toggle("pending", pending);
    node.classList.toggle("waiting", pending && !line.content);
    drawThinking(node, thinks(line), this.data.words);
    node.classList.toggle("deleted", Boolean(line.deleted));
    if (!pending && !node._menu) this.offer(node, line.seq);
    if (!pending && !node._announced) {
      node._announced = true;
      this.announce(line);
    }
  }

  /** What can be done with a line, as soon as it is finished. */
  offer(node, seq) {
    const { words } = this.data;
    const choose = (option) => this.choices.add({ option, seq });
    node._menu = menuNode(words.more, Object.entries(words.options), choose);
    node.querySelector(".head").append(node._menu);
  }

  announce(line) {
    const said = document.createElement("p");
    said.textContent = `${line.sender}: ${line.content}`;
    this.log.append(said);
    while (this.log.childNodes.length > 3) this.log.firstChild.remove();
  }

  /** The page draws a finished line itself; in the very frame in which it stands, ours goes. */
  leave() {
    for (const [seq, node] of this.nodes) {
      const parts = document.querySelectorAll(`.st-key-line-${seq} .stMarkdown`).length;
      node.hidden = parts >= node._parts;
      if (this.hub.lines.has(seq)) continue;
      node._settledAt ||= performance.now();
      if (!node.hidden && performance.now() - node._settledAt < LINGER_MS) continue;
      node.remove();
      this.nodes.delete(seq);
    }
  }

  watch(yes) {
    if (yes === this.watching) return;
    this.watching = yes;
    if (yes) this.watcher.observe(this.follower.content, { childList: true, subtree: true });
    else this.watcher.disconnect();
  }

  close() {
    this.choices.close();
    this.watcher.disconnect();
    this.follower.close();
    if (this.hub) this.hub.detach(this);
  }
}

function lineNode(line, data) {
  const node = document.createElement("article");
  node.className = "line";
  node.dataset.seq = line.seq;
  const face = document.createElement("img");
  face.className = "face";
  face.alt = "";
  face.src = data.faces[line.sender] || data.stranger;
  const body = document.createElement("div");
  body.className = "body";
  const head = document.createElement("div");
  head.className = "head";
  const name = document.createElement("strong");
  name.textContent = straight(line.sender);
  name.style.color = data.colours[line.sender] || "inherit";
  head.append(name, document.createElement("small"));
  const text = document.createElement("div");
  text.className = "text";
  const below = document.createElement("div");
  below.className = "note";
  body.append(head, text, below);
  node.append(face, body);
  return node;
}

function facts(line, words) {
  if (line.kind === "human") return "";
  const { first_token_ms: first, tokens_per_s: speed } = line.timings || {};
  const parts = [line.model || ""];
  if (typeof first === "number") {
    parts.push(words.seconds.replace("{value}", (first / 1000).toFixed(first < 1000 ? 2 : 1)));
  }
  if (typeof speed === "number") parts.push(words.speed.replace("{n}", Math.round(speed)));
  if (line.turn && line.turn.code !== "in_order") parts.push(line.turn.why);
  return parts.filter(Boolean).join(" · ");
}

function note(line, words) {
  if (line.deleted) return words.deleted;
  const said = { stopped: words.stopped, partial: words.partial, failed: words.failed };
  return [said[line.status], line.status === "stopped" ? "" : line.reason, ...leftOut(line, words)]
    .filter(Boolean)
    .join(" ");
}

const ROLES = { talk: Talk, again: Again, foot: Strip };
const views = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  const [data] = component.data;
  parentElement.querySelector(".root").className = `root ${data.role}`;
  let view = views.get(parentElement);
  if (!view) {
    view = new ROLES[data.role](parentElement);
    views.set(parentElement, view);
  }
  const hub = hubOf(data.room);
  view.update(data, component.setTriggerValue, hub);
  hub.attach(view);
  return () => {
    view.close();
    views.delete(parentElement);
  };
}
