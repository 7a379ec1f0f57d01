// The strip above the composer: who speaks, Stop, and the way back to the end.

class Strip {
  constructor(root) {
    this.say = root.querySelector(".say");
    this.stop = root.querySelector(".stop");
    this.down = root.querySelector(".down");
  }

  update(data, trigger, hub) {
    this.hub = hub;
    this.data = data;
    const { words } = this.data;
    this.stop.querySelector("span").textContent = words.stop;
    this.down.querySelector("span").textContent = words.down;
    this.stop.onclick = () => {
      this.stopping = true;
      trigger("stop", Date.now());
      hub.redraw();
    };
    this.down.onclick = () => hub.follower && hub.follower.end();
    hub.redraw();
  }

  draw(hub) {
    if (!this.data) return;
    const line = hub.saying();
    const speaking = line && line.sender;
    const turn = line ? line.seq : 0;
    if (turn !== this.turn) {
      this.stopping = false;
      this.turn = turn;
    }
    const words = this.words(hub, speaking, line ? this.next(hub, line) : []);
    if (this.say.textContent !== words) this.say.textContent = words;
    this.say.classList.toggle("live", Boolean(speaking) && hub.connected);
    this.stop.hidden = !speaking;
    this.stop.disabled = Boolean(this.stopping);
    this.down.hidden = !hub.follower || hub.follower.atEnd();
  }

  /** Who comes after this line: as the page knew it, else by the room's order. */
  next(hub, line) {
    if (line.again) return [];
    if (hub.turn === line.seq) return hub.next;
    const asked = [...hub.lines.values()].filter((one) => one.kind === "human").pop();
    if (!asked || asked.content.includes("@")) return [];
    const place = this.data.order.indexOf(line.sender);
    return place < 0 ? [] : this.data.order.slice(place + 1);
  }

  words(hub, speaking, next) {
    const { words } = this.data;
    if (!hub.connected && hub.tries > 1) return words.lost;
    if (this.stopping) return words.stopping;
    if (!speaking) return words.idle;
    const first = words.speaking.replace("{name}", () => straight(speaking));
    return next.length ? first + words.then.replace("{names}", () => next.map(straight).join(words.comma)) : first;
  }

  close() {
    if (this.hub) this.hub.detach(this);
  }
}
